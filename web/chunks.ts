/**
 * Which modules are put into one file. By itself the bundler makes a file for every set of views that share something:
 * some ninety for a dashboard, of which a browser asks for six at a time.
 */

/** What of the bundler's graph is looked at. */
interface Graph {
  getModuleInfo: (id: string) => { importedIds: readonly string[]; dynamicallyImportedIds: readonly string[] } | null;
}

const dashboard = 'views/dashboards/Dashboard.tsx';
const chart = 'dashboard/panels/timeseries/index.tsx';
/** Kinds of panels that most dashboards begin with, beside charts. */
const values = ['stat/Stat', 'gauge/Gauge', 'bargauge/BarGauge'].map((name) => `dashboard/panels/${name}.tsx`);
/** What so many views need is fetched for all. */
const manyViews = 5;

/** The modules that are loaded with one. */
function loadedWith(graph: Graph, start: string): Set<string> {
  const found = new Set<string>();
  const todo = [start];
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    todo.push(...(graph.getModuleInfo(id)?.importedIds ?? []));
  }
  return found;
}

/** Gives a module's file a name, or leaves it to the bundler. `sources` is the folder of the sources. */
export function fileNames(sources: string) {
  let known: { views: Set<string>[]; dashboard: Set<string>; chart: Set<string>; values: Set<string>[] } | undefined;
  return (id: string, graph: Graph): string | null => {
    const of = (path: string) => loadedWith(graph, `${sources}/${path}`);
    known ??= {
      views: (graph.getModuleInfo(`${sources}/App.tsx`)?.dynamicallyImportedIds ?? []).filter((each) => each !== `${sources}/${dashboard}`).map((each) => loadedWith(graph, each)),
      dashboard: of(dashboard),
      chart: of(chart),
      values: values.map(of),
    };
    if (id.includes('/node_modules/uplot/')) return 'uplot';
    const isOfDashboard = known.dashboard.has(id);
    const views = known.views.filter((each) => each.has(id)).length;
    if (views >= manyViews || (isOfDashboard && views > 0)) return 'shared';
    const [isOfChart, isOfValue] = [known.chart.has(id), known.values.some((each) => each.has(id))];
    if (isOfDashboard || (isOfChart && isOfValue)) return 'dashboard';
    if (isOfChart) return 'chart';
    return isOfValue ? 'values' : null;
  };
}

/** What of the bundler's files is looked at. */
type Bundle = Record<string, { type: 'asset' } | { type: 'chunk'; name: string; fileName: string; viteMetadata?: { importedCss: Set<string> } }>;

/** The files that a dashboard's page needs at once, beside those that every page has. */
export function filesOfDashboards(bundle: Bundle): string[] {
  const wanted = ['shared', 'dashboard', 'uplot', 'chart'];
  const chunks = wanted.map((name) => {
    const found = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === name);
    if (found?.type !== 'chunk') throw new Error(`there is no file ${name} to fetch early: see fileNames`);
    return found;
  });
  return [...chunks.map(({ fileName }) => fileName), ...chunks.flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])])].map((file) => `/${file}`);
}
