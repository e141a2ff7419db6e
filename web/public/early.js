// Runs before anything is drawn, and before the page's own scripts are there.
(function () {
  // Light or dark, so that the page does not flash.
  var kept = null;
  try {
    kept = localStorage.getItem('phoenix-color-scheme');
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  var dark = kept === 'dark' || (kept !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');

  // A dashboard's files and its first answers come beside the page's script, not after it. See `src/api/early.ts`.
  var uid = /^\/d\/([^/]+)/.exec(location.pathname);
  if (!uid) return;
  (document.currentScript.getAttribute('data-dashboard') || '').split(' ').filter(Boolean).forEach(function (file) {
    var link = document.createElement('link');
    var isStyle = /\.css$/.test(file);
    link.rel = isStyle ? 'preload' : 'modulepreload';
    if (isStyle) link.as = 'style';
    link.crossOrigin = '';
    link.href = file;
    document.head.appendChild(link);
  });
  var early = (window.phoenixEarly = {});
  function ask(path) {
    early[path] = fetch(path, { headers: { Accept: 'application/json' } });
    // Whoever takes it is told of a failure.
    early[path].catch(function () {});
  }
  try {
    ask('/api/phoenix/v1/dashboards/' + encodeURIComponent(decodeURIComponent(uid[1])));
  } catch {
    // An address that cannot be decoded is answered by the page itself.
  }
  ask('/api/v1/status/config');
})();
