import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { InboxMessage } from '../api/phoenix';
import { home, inbox } from '../api/phoenix';
import { exactTime } from '../format/time';
import { Answered, Empty } from '../parts/Answer';
import { Icon } from '../parts/Icon';
import { PageHead } from '../parts/PageHead';
import { Ago } from '../parts/Time';
import { useParam } from '../url/params';
import './Inbox.css';

export default function Inbox() {
  const about = useQuery(home);
  const query = useQuery({ ...inbox, enabled: about.data?.inbox === true });
  if (about.data && !about.data.inbox) {
    return (
      <>
        <PageHead title="Inbox" />
        <section className="panel">
          <Empty title="There is an inbox in the demo only">
            <p>Otherwise messages go to the receivers and people that the configuration names.</p>
          </Empty>
        </section>
      </>
    );
  }
  return (
    <>
      <PageHead title="Inbox" />
      <Answered query={query}>{({ messages }) => <Messages messages={messages} />}</Answered>
    </>
  );
}

function Messages({ messages }: { messages: InboxMessage[] }) {
  const [chosen] = useParam('message');
  if (messages.length === 0) {
    return (
      <section className="panel">
        <Empty title="No message yet">
          <p>
            Pages and notifications arrive here. Break something on <Link href="/">Home</Link> and wait some seconds.
          </p>
        </Empty>
      </section>
    );
  }
  const open = messages.find((message) => String(message.id) === chosen) ?? messages[0]!;
  return (
    <div className="inbox">
      <ul className="panel message-list" aria-label="Messages">
        {messages.map((message) => (
          <li key={message.id}>
            <Link href={`/inbox?message=${message.id}`} replace aria-current={message === open ? 'true' : undefined}>
              <span className="row">
                <Icon name={message.kind === 'email' ? 'inbox' : 'link'} size={13} />
                <span className="grow to">{message.to}</span>
                <span className="dim">
                  <Ago at={message.received_at} />
                </span>
              </span>
              <strong>{message.subject}</strong>
            </Link>
          </li>
        ))}
      </ul>
      <Message key={open.id} message={open} />
    </div>
  );
}

/** The message's HTML without scripts, its links opening in new tabs. */
const framed = (html: string) => `<base target="_blank"><meta name="color-scheme" content="light">${html}`;

function Message({ message }: { message: InboxMessage }) {
  const views = [...(message.html ? [{ value: 'html', label: 'HTML' }] : []), { value: 'text', label: 'Text' }, { value: 'raw', label: 'As received' }];
  const [view, setView] = useState(views[0]!.value);
  return (
    <article className="panel" aria-label={message.subject}>
      <header>
        <div className="grow stack tight">
          <h2>{message.subject}</h2>
          <dl className="facts">
            {message.from && (
              <>
                <dt>From</dt>
                <dd>{message.from}</dd>
              </>
            )}
            <dt>To</dt>
            <dd>{message.to}</dd>
            <dt>Received</dt>
            <dd className="num">
              {exactTime(new Date(message.received_at))} by {message.kind}
            </dd>
          </dl>
        </div>
        <SegmentedControl aria-label="View of the message" value={view} onChange={setView} data={views} />
      </header>
      {view === 'html' && message.html ? (
        <iframe title={`Message: ${message.subject}`} sandbox="allow-popups allow-popups-to-escape-sandbox" srcDoc={framed(message.html)} />
      ) : (
        <div className="body">
          <pre>{view === 'raw' ? message.raw : <Linked text={message.text} />}</pre>
        </div>
      )}
      {message.links.length > 0 && (
        <div className="body" style={{ borderTop: '1px solid var(--border)' }}>
          <h3>Links</h3>
          <ul className="links">
            {message.links.map((link) => (
              <li key={link}>
                <a href={link} target="_blank" rel="noreferrer">
                  {link}
                </a>
              </li>
            ))}
          </ul>
        </div>
      )}
    </article>
  );
}

/** Text whose web addresses are links. */
function Linked({ text }: { text: string }) {
  return text.split(/(https?:\/\/[^\s<>"')]+)/).map((part, index) =>
    index % 2 === 1 ? (
      <a key={index} href={part} target="_blank" rel="noreferrer">
        {part}
      </a>
    ) : (
      part
    ),
  );
}
