//! Mail and Slack.

use crate::world::World;
use phoenix_alert::{Contact, Message};
use phoenix_model::Secret;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

const MAIL: &str = "
global:
  smtp_smarthost: MAIL
  smtp_from: 'Phoenix <alerts@example.org>'
  smtp_auth_username: phoenix
  smtp_auth_password: hunter2
  smtp_require_tls: false
  slack_api_url: WEBHOOK/slack
route: {receiver: people, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 4h}
receivers:
- name: people
  email_configs:
  - to: 'ann@example.org, Bob <bob@example.org>'
    send_resolved: true
    threading: {enabled: true, thread_by_date: none}
    headers: {X-Team: '{{ .CommonLabels.team }}'}
";

#[tokio::test]
async fn a_mail_says_what_is_wrong() {
    let world = World::new(MAIL).await;
    world.fire(&["alertname=ApiDown team=ops instance=<1>"]);
    world.advance(31 * SECOND).await;
    let mails = world.mail.taken();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail = &mails[0];
    assert_eq!(mail.from, "<alerts@example.org>");
    assert_eq!(mail.to, ["<ann@example.org>", "<bob@example.org>"]);
    assert_eq!(mail.user, "AHBob2VuaXgAaHVudGVyMg==");
    assert_eq!(mail.header("Subject"), Some("[FIRING:1] ApiDown: something is wrong"));
    assert_eq!(mail.header("From"), Some("Phoenix <alerts@example.org>"));
    assert_eq!(mail.header("To"), Some("ann@example.org, Bob <bob@example.org>"));
    assert_eq!(mail.header("X-Team"), Some("ops"));
    assert_eq!(mail.header("Date"), Some("Mon, 02 Mar 2026 09:00:30 +0000"));
    assert!(mail.header("Content-Type").unwrap().starts_with("multipart/alternative"), "{}", mail.data);
    assert!(mail.body().contains("instance=<1>") && mail.body().contains("&lt;1&gt;"), "text plain, HTML escaped: {}", mail.data);
    world.resolve(&["alertname=ApiDown team=ops instance=<1>"]);
    world.advance(5 * MINUTE).await;
    let resolved = world.mail.taken().remove(0);
    assert_eq!(resolved.header("Subject"), Some("[RESOLVED] ApiDown: something is wrong"));
    assert_ne!(resolved.header("Message-ID"), mail.header("Message-ID"));
    assert_eq!(resolved.header("References"), mail.header("References"), "one thread");
    assert!(mail.header("References").is_some());
}

#[tokio::test]
async fn a_mail_server_that_is_down_for_an_hour_gets_the_mail_when_it_is_back() {
    let world = World::new(MAIL).await;
    world.mail.set_down(true);
    world.fire(&["alertname=ApiDown team=ops"]);
    world.advance(60 * MINUTE).await;
    assert!(world.mail.taken().is_empty());
    let tried = world.mail.connections();
    assert!((20..400).contains(&tried), "tried again and again, but not without pause: {tried}");
    world.mail.set_down(false);
    world.advance(6 * MINUTE).await;
    let mails = world.mail.taken();
    assert_eq!(mails.len(), 1, "delivered once");
    assert!(world.metrics().contains("reason=\"contextDeadlineExceeded\""), "{}", world.metrics());
}

#[tokio::test]
async fn a_refused_recipient_is_not_tried_again_before_the_next_flush() {
    let world = World::new(MAIL).await;
    world.mail.refuse(Some("550 no such user"));
    world.fire(&["alertname=ApiDown team=ops"]);
    world.advance(4 * MINUTE).await;
    assert_eq!(world.mail.connections(), 1);
    world.mail.refuse(Some("451 try again later"));
    world.advance(3 * MINUTE).await;
    assert!(world.mail.connections() > 3, "{}", world.mail.connections());
    world.mail.refuse(None);
    world.advance(2 * MINUTE).await;
    assert_eq!(world.mail.taken().len(), 1);
}

#[tokio::test]
async fn a_mail_is_not_sent_in_the_clear_when_tls_is_required() {
    let world = World::new(&MAIL.replace("smtp_require_tls: false", "smtp_require_tls: true")).await;
    world.fire(&["alertname=ApiDown"]);
    world.advance(MINUTE).await;
    assert!(world.mail.taken().is_empty());
    let log = world.state().await.notifications().await.unwrap();
    assert!(log[0].sent_at_ms.is_none());
}

#[tokio::test]
async fn slack_gets_an_attachment() {
    let config = "
global: {slack_api_url: WEBHOOK/slack}
route: {receiver: chat, group_by: [alertname], group_wait: 1s}
receivers:
- name: chat
  slack_configs:
  - channel: '#{{ .CommonLabels.team }}'
    fields: [{title: Service, value: '{{ .CommonLabels.service }}'}]
    short_fields: true
    actions: [{type: button, text: Runbook, url: 'http://runbooks/{{ .GroupLabels.alertname }}', style: danger}]
";
    let world = World::new(config).await;
    world.fire(&["alertname=ApiDown team=ops service=api"]);
    world.advance(2 * SECOND).await;
    let posted = world.webhooks.taken().remove(0);
    assert_eq!(posted.path, "/slack");
    insta::assert_json_snapshot!(posted.body, @r##"
    {
      "channel": "#ops",
      "username": "Phoenix",
      "attachments": [
        {
          "title": "[FIRING:1] ApiDown: something is wrong",
          "title_link": "http://phoenix.test/#/alerts?receiver=chat",
          "text": "",
          "fallback": "[FIRING:1] ApiDown: something is wrong | http://phoenix.test/#/alerts?receiver=chat",
          "callback_id": "",
          "fields": [
            {
              "title": "Service",
              "value": "api",
              "short": true
            }
          ],
          "footer": "",
          "color": "danger",
          "mrkdwn_in": [
            "fallback",
            "pretext",
            "text"
          ],
          "actions": [
            {
              "type": "button",
              "text": "Runbook",
              "url": "http://runbooks/ApiDown",
              "style": "danger"
            }
          ]
        }
      ]
    }
    "##);
}

#[tokio::test]
async fn slack_says_no_in_a_body() {
    let config = "
route: {receiver: chat, group_wait: 1s}
receivers:
- name: chat
  slack_configs: [{channel: '#x', app_token: xoxb-1, app_url: 'WEBHOOK/api/chat.postMessage'}]
";
    let world = World::new(config).await;
    world.webhooks.answer_body(r#"{"ok":false,"error":"channel_not_found"}"#);
    world.fire(&["alertname=ApiDown"]);
    world.advance(MINUTE).await;
    let posted = world.webhooks.taken();
    assert_eq!(posted.len(), 1, "not tried again");
    assert_eq!(posted[0].headers["authorization"], "Bearer xoxb-1");
    let log = world.state().await.notifications().await.unwrap();
    assert_eq!(log[0].last_error, "Slack answered: channel_not_found");
}

#[tokio::test]
async fn one_message_to_one_person() {
    let world = World::new(MAIL).await;
    let channel = world.alerting.channel();
    let message = Message {
        subject: "Incident 7: ApiDown".to_owned(),
        text: "The API does not answer.".to_owned(),
        html: Some("<p>The API does not answer.</p>".to_owned()),
        link: Some("http://phoenix.test/incidents/7".to_owned()),
        dedup_key: "incident-7-page-1".to_owned(),
    };
    channel.send(&Contact::Email("ann@example.org".to_owned()), &message).await.unwrap();
    channel.send(&Contact::Email("ann@example.org".to_owned()), &message).await.unwrap();
    let mails = world.mail.taken();
    assert_eq!(mails[0].header("Subject"), Some("Incident 7: ApiDown"));
    assert!(mails[0].data.contains("http://phoenix.test/incidents/7"), "{}", mails[0].data);
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"), "the same message has the same id");
    channel.send(&Contact::Webhook(Secret::new(format!("{}/page", world.webhooks.url))), &message).await.unwrap();
    channel.send(&Contact::Slack { url: None, channel: Some("@ann".to_owned()) }, &message).await.unwrap();
    let posted = world.webhooks.taken();
    assert_eq!(posted[0].body["dedupKey"], "incident-7-page-1");
    assert_eq!((posted[1].path.as_str(), &posted[1].body["channel"]), ("/slack", &serde_json::json!("@ann")));
    world.webhooks.answer([503, 404]);
    for retryable in [true, false] {
        let error = channel.send(&Contact::Webhook(Secret::new(format!("{}/page", world.webhooks.url))), &message).await.unwrap_err();
        assert_eq!(error.retryable, retryable, "{error}");
    }
    let without = World::new("").await;
    let error = without.alerting.channel().send(&Contact::Email("a@example.org".to_owned()), &message).await.unwrap_err();
    assert!(error.reason.contains("smtp_smarthost") && !error.retryable, "{error}");
}
