// Sets light or dark before anything is drawn, so that the page does not flash.
(function () {
  var kept = null;
  try {
    kept = localStorage.getItem('phoenix-color-scheme');
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  var dark = kept === 'dark' || (kept !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
