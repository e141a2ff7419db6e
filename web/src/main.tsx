import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import '@mantine/core/styles.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { dashboard } from './api/dashboards';
import { ApiError } from './api/request';
import { refetchInterval } from './api/live';
import { App, preloadPage } from './App';
import { cssVariables, theme } from './theme';
import './theme.css';
import { redirectOldLink } from './url/old-links';

const target = redirectOldLink(new URL(location.href));
if (target !== null) history.replaceState(null, '', target);
// Alertmanager's links differ only behind `#`, so following one from here loads no page.
window.addEventListener('hashchange', () => {
  const moved = redirectOldLink(new URL(location.href));
  if (moved !== null) location.replace(moved);
});

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      refetchInterval,
      // What the server refused, it will refuse again; only a connection may come back.
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.status === 0,
    },
  },
});

/** How long the page's frame waits for what stands in it, in milliseconds, so that both are drawn at once. */
const frameWaitsMs = 100;
// A failure is told where the page is drawn.
const page = preloadPage(location.pathname).catch(() => undefined);

// A dashboard's page and its JSON are fetched side by side, and before anything is drawn.
const uid = /^\/d\/([^/]+)/.exec(location.pathname)?.[1];
if (uid) {
  try {
    void client.prefetchQuery(dashboard(decodeURIComponent(uid)));
  } catch {
    // An address that cannot be decoded is answered by the page itself.
  }
}

const draw = () =>
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <MantineProvider
          theme={theme}
          cssVariablesResolver={cssVariables}
          defaultColorScheme="auto"
          colorSchemeManager={localStorageColorSchemeManager({ key: 'phoenix-color-scheme' })}
        >
          <App />
        </MantineProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
void Promise.race([page, new Promise((resolve) => setTimeout(resolve, frameWaitsMs))]).then(draw);
