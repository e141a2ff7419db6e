/**
 * A dashboard in the form that Grafana writes today. The server reads and migrates every older form, so that
 * nothing here knows of them; what these types do not name is kept in the JSON and is not shown.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };
export type JsonObject = { [key: string]: Json | undefined };

/** What a query is asked of. `uid` may be a variable, such as `${datasource}`. */
export interface DataSourceRef {
  type?: string;
  uid?: string;
}

/** One query of a panel or a variable. */
export interface Target extends JsonObject {
  refId: string;
  datasource?: DataSourceRef & JsonObject;
  /** The text of a PromQL or LogQL query. */
  expr?: string;
  /** The text of a TraceQL query or of a trace's id; an object of older variables. */
  query?: Json;
  queryType?: string;
  hide?: boolean;
  instant?: boolean;
  range?: boolean;
  exemplar?: boolean;
  /** `time_series`, `table` or `heatmap`. */
  format?: string;
  /** The least step: `15s`, `>1m`, or a variable. */
  interval?: string;
  intervalFactor?: number;
  /** `__auto`, or a template with `{{label}}`. */
  legendFormat?: string;
  maxLines?: number;
  limit?: number;
  tableType?: string;
  /** Of `-- Dashboard --`: whose data is shown. */
  panelId?: number;
}

export interface ThresholdStep {
  /** `null` stands for minus infinity. */
  value: number | null;
  color: string;
}

export interface Thresholds {
  mode: 'absolute' | 'percentage';
  steps: ThresholdStep[];
}

export interface MappingResult {
  text?: string;
  color?: string;
  icon?: string;
  index?: number;
}

export type ValueMapping =
  | { type: 'value'; options: Record<string, MappingResult> }
  | { type: 'range'; options: { from: number | null; to: number | null; result: MappingResult } }
  | { type: 'regex'; options: { pattern: string; result: MappingResult } }
  | { type: 'special'; options: { match: 'true' | 'false' | 'null' | 'nan' | 'null+nan' | 'empty'; result: MappingResult } };

export interface DataLink {
  title: string;
  url: string;
  targetBlank?: boolean;
  oneClick?: boolean;
}

/** How a field is shown. */
export interface FieldConfig {
  displayName?: string;
  displayNameFromDS?: string;
  description?: string;
  /** Grafana's id of a unit, such as `bytes`, `percentunit`, `suffix:req`. */
  unit?: string;
  decimals?: number | null;
  min?: number | null;
  max?: number | null;
  /** Whether `min` and `max`, where they are not given, are the field's own and not those of all fields. */
  fieldMinMax?: boolean;
  /** Of calculations: `connected` leaves nulls out of counts, `null as zero` takes them for zeros. */
  nullValueMode?: string;
  noValue?: string;
  thresholds?: Thresholds;
  mappings?: ValueMapping[];
  color?: { mode: string; fixedColor?: string; seriesBy?: 'last' | 'min' | 'max' };
  links?: DataLink[];
  filterable?: boolean;
  /** What the kind of panel adds: how lines are drawn, how cells are shown. */
  custom?: JsonObject;
}

export interface Override {
  matcher: { id: string; options?: Json };
  properties: { id: string; value?: Json }[];
}

export interface Transformation {
  id: string;
  disabled?: boolean;
  filter?: { id: string; options?: Json };
  topic?: string;
  options?: JsonObject;
}

export interface GridPos {
  /** Of 24 columns. */
  x: number;
  /** In rows of 30 pixels, with gaps of 8. */
  y: number;
  w: number;
  h: number;
}

export interface Panel extends JsonObject {
  id: number;
  type: string;
  title?: string;
  description?: string;
  transparent?: boolean;
  gridPos: GridPos & JsonObject;
  datasource?: DataSourceRef & JsonObject;
  targets?: Target[];
  options?: JsonObject;
  /** Always there on panels that show data. */
  fieldConfig?: { defaults: FieldConfig & JsonObject; overrides: (Override & JsonObject)[] };
  transformations?: (Transformation & JsonObject)[];
  maxDataPoints?: number | null;
  interval?: string;
  timeFrom?: string;
  timeShift?: string;
  hideTimeOverride?: boolean;
  links?: (DataLink & JsonObject)[];
  repeat?: string;
  repeatDirection?: 'h' | 'v';
  maxPerRow?: number;
  /** Of a row: whether its panels are folded away. They stand in `panels` then, else after the row. */
  collapsed?: boolean;
  panels?: Panel[];
}

export interface VariableOption {
  text: string | string[];
  value: string | string[];
  selected?: boolean;
}

export interface Variable extends JsonObject {
  name: string;
  type: string;
  label?: string;
  description?: string;
  /** 0 shows it, 1 leaves out its label, 2 hides it. */
  hide?: number;
  query?: Json;
  definition?: string;
  datasource?: DataSourceRef & JsonObject;
  regex?: string;
  /** 0 never, 1 when the dashboard loads, 2 when the time range changes. */
  refresh?: number;
  sort?: number;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string | null;
  allowCustomValue?: boolean;
  current?: VariableOption & JsonObject;
  options?: (VariableOption & JsonObject)[];
  auto?: boolean;
  auto_count?: number;
  auto_min?: string;
  /** Of `adhoc`. */
  filters?: ({ key: string; operator: string; value: string } & JsonObject)[];
  baseFilters?: ({ key: string; operator: string; value: string } & JsonObject)[];
}

export interface AnnotationQuery extends JsonObject {
  name: string;
  enable?: boolean;
  hide?: boolean;
  iconColor?: string;
  datasource?: DataSourceRef & JsonObject;
  expr?: string;
  step?: string;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
  useValueForTime?: boolean;
  builtIn?: number;
  target?: JsonObject;
  filter?: { exclude?: boolean; ids?: number[] };
}

export interface DashboardLink extends JsonObject {
  title: string;
  type: 'link' | 'dashboards';
  url?: string;
  tags?: string[];
  asDropdown?: boolean;
  targetBlank?: boolean;
  includeVars?: boolean;
  keepTime?: boolean;
  icon?: string;
  tooltip?: string;
}

export interface Dashboard extends JsonObject {
  uid: string;
  title: string;
  description?: string;
  tags?: string[];
  /** `browser`, `utc` or a zone's name; empty for the browser's. */
  timezone?: string;
  weekStart?: string;
  editable?: boolean;
  /** 0 none, 1 a shared crosshair, 2 shared tooltips. */
  graphTooltip?: number;
  time?: { from: string; to: string };
  timepicker?: { hidden?: boolean; refresh_intervals?: string[]; nowDelay?: string } & JsonObject;
  refresh?: string;
  liveNow?: boolean;
  schemaVersion?: number;
  version?: number;
  fiscalYearStartMonth?: number;
  panels: Panel[];
  templating?: { list: Variable[] };
  annotations?: { list: AnnotationQuery[] };
  links?: DashboardLink[];
}

/** What the import report says: something of the dashboard that is not shown as it was meant. */
export interface Finding {
  /** `error`: not shown; `warning`: shown otherwise; `info`: left out without a loss. */
  severity: 'error' | 'warning' | 'info';
  /** The panel, when it is about one. */
  panel?: { id: number; title: string; type: string } | null;
  /** Where in the dashboard as it is now, as a JSON pointer. */
  path: string;
  message: string;
  help?: string | null;
}
