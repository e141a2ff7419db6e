//! Parts of the format that do not act yet. Their keys are known, so that a mistyped one is still
//! an error, but their values are not looked at.

use serde::Deserialize;
use serde::de::IgnoredAny;

macro_rules! known_keys {
    ($($(#[$doc:meta])* $name:ident { $($key:ident $(as $written:literal)?),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Default, Deserialize)]
            #[serde(deny_unknown_fields, default)]
            pub(super) struct $name {
                $($(#[serde(rename = $written)])? $key: Option<IgnoredAny>,)*
            }
        )*
    };
}

known_keys! {
    Tracing { client_type, endpoint, sampling_fraction, insecure, headers, compression, timeout, tls_config }
    Discord { send_resolved, http_config, webhook_url, webhook_url_file, content, title, message, username, avatar_url }
    Incidentio { send_resolved, http_config, url, url_file, alert_source_token, alert_source_token_file, max_alerts, timeout, metadata }
    Jira {
        send_resolved, http_config, api_url, api_type, project, summary, description, labels, priority, issue_type, reopen_transition,
        resolve_transition, wont_fix_resolution, reopen_duration, fields, custom_fields,
    }
    Mattermost {
        send_resolved, http_config, webhook_url, webhook_url_file, channel, username, text, fallback, color, pretext, author_name,
        author_link, author_icon, title, title_link, fields, thumb_url, footer, footer_icon, image_url, icon_url, icon_emoji, attachments,
        kind as "type", props, priority,
    }
    Msteams { send_resolved, http_config, webhook_url, webhook_url_file, title, summary, text }
    Msteamsv2 { send_resolved, http_config, webhook_url, webhook_url_file, title, text }
    Opsgenie {
        send_resolved, http_config, api_key, api_key_file, api_url, message, description, source, details, entity, responders, actions,
        tags, note, priority, update_alerts,
    }
    Pagerduty {
        send_resolved, http_config, routing_key, routing_key_file, service_key, service_key_file, url, client, client_url, description,
        details, images, links, source, severity, class, component, group, timeout,
    }
    Pushover {
        send_resolved, http_config, user_key, user_key_file, token, token_file, title, message, url, url_title, device, sound, priority,
        retry, expire, ttl, html, monospace,
    }
    Rocketchat {
        send_resolved, http_config, api_url, token, token_file, token_id, token_id_file, channel, color, title, title_link,
        title_link_old as "titleLink", text, fields, short_fields, emoji, icon_url, image_url, thumb_url, link_names, actions,
    }
    Sns {
        send_resolved, http_config, api_url, sigv4, topic_arn, phone_number, target_arn, subject, message, attributes, use_aws_http_client,
    }
    Telegram {
        send_resolved, http_config, api_url, bot_token, bot_token_file, chat_id, chat_id_file, message_thread_id, message,
        disable_notifications, disable_notification, parse_mode, chat,
    }
    Victorops {
        send_resolved, http_config, api_key, api_key_file, api_url, routing_key, message_type, state_message, entity_display_name,
        monitoring_tool, custom_fields,
    }
    Webex { send_resolved, http_config, api_url, message, room_id }
    Wechat {
        send_resolved, http_config, api_secret, api_secret_file, corp_id, message, api_url, to_user, to_party, to_tag, agent_id, message_type,
    }
}
