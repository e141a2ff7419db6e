/** Which options a kind of panel has, as the panel editor shows them. Paths are those of Grafana's JSON. */

import type { Json, Panel } from '../../model';
import { at } from '../path';

export type Choice = { value: Json; label: string };

export interface Option {
  /** A dotted path from the panel. */
  path: string;
  label: string;
  kind: 'select' | 'number' | 'text' | 'area' | 'switch' | 'unit' | 'color' | 'thresholds' | 'mappings' | 'calcs' | 'links' | 'lines';
  /** Of `lines` they are offered, and others can be typed. */
  choices?: Choice[];
  /** What holds when nothing is written. */
  otherwise?: Json;
  least?: number;
  most?: number;
  /** Shown only when this is so. */
  when?: (panel: Panel) => boolean;
}

export interface Group {
  name: string;
  options: Option[];
}

const choice = (...pairs: [Json, string][]): Choice[] => pairs.map(([value, label]) => ({ value, label }));
const custom = 'fieldConfig.defaults.custom';
const is = (path: string, ...values: Json[]) => (panel: Panel) => values.includes((at(panel, path) ?? null) as Json);
const isNot = (path: string, ...values: Json[]) => (panel: Panel) => !is(path, ...values)(panel);

const general: Group = {
  name: 'Panel',
  options: [
    { path: 'title', label: 'Title', kind: 'text' },
    { path: 'description', label: 'Description', kind: 'area' },
    { path: 'transparent', label: 'Without a ground', kind: 'switch' },
    { path: 'links', label: 'Links', kind: 'links' },
    { path: 'repeat', label: 'Repeat for each value of', kind: 'select' },
    { path: 'repeatDirection', label: 'Direction', kind: 'select', choices: choice(['h', 'Beside each other'], ['v', 'Below each other']), otherwise: 'h', when: (panel) => typeof panel.repeat === 'string' && panel.repeat !== '' },
    { path: 'maxPerRow', label: 'Most beside each other', kind: 'number', least: 1, most: 24, otherwise: 4, when: (panel) => typeof panel.repeat === 'string' && panel.repeat !== '' && panel.repeatDirection !== 'v' },
  ],
};

const standard: Group = {
  name: 'Values',
  options: [
    { path: 'fieldConfig.defaults.unit', label: 'Unit', kind: 'unit' },
    { path: 'fieldConfig.defaults.decimals', label: 'Decimals', kind: 'number', least: 0, most: 15 },
    { path: 'fieldConfig.defaults.min', label: 'Min', kind: 'number' },
    { path: 'fieldConfig.defaults.max', label: 'Max', kind: 'number' },
    { path: 'fieldConfig.defaults.displayName', label: 'Name', kind: 'text' },
    { path: 'fieldConfig.defaults.noValue', label: 'When there is no value', kind: 'text' },
    {
      path: 'fieldConfig.defaults.color.mode',
      label: 'Colours',
      kind: 'select',
      otherwise: 'palette-classic',
      choices: choice(
        ['palette-classic', 'Palette, by order'],
        ['palette-classic-by-name', 'Palette, by name'],
        ['thresholds', 'By thresholds'],
        ['fixed', 'One colour'],
        ['shades', 'Shades of one colour'],
        ['continuous-GrYlRd', 'Green to red'],
        ['continuous-RdYlGr', 'Red to green'],
        ['continuous-BlYlRd', 'Blue to red'],
        ['continuous-YlRd', 'Yellow to red'],
        ['continuous-BlPu', 'Blue to purple'],
        ['continuous-YlBl', 'Yellow to blue'],
        ['continuous-blues', 'Blues'],
        ['continuous-reds', 'Reds'],
        ['continuous-greens', 'Greens'],
        ['continuous-purples', 'Purples'],
      ),
    },
    { path: 'fieldConfig.defaults.color.fixedColor', label: 'Colour', kind: 'color', when: is('fieldConfig.defaults.color.mode', 'fixed', 'shades') },
    { path: 'fieldConfig.defaults.links', label: 'Links of values', kind: 'links' },
  ],
};

const thresholds: Group = { name: 'Thresholds', options: [{ path: 'fieldConfig.defaults.thresholds', label: 'Thresholds', kind: 'thresholds' }] };
const mappings: Group = { name: 'Texts for values', options: [{ path: 'fieldConfig.defaults.mappings', label: 'Texts', kind: 'mappings' }] };

const legend: Group = {
  name: 'Legend',
  options: [
    { path: 'options.legend.showLegend', label: 'Show', kind: 'switch', otherwise: true },
    { path: 'options.legend.displayMode', label: 'As', kind: 'select', choices: choice(['list', 'List'], ['table', 'Table']), otherwise: 'list' },
    { path: 'options.legend.placement', label: 'Place', kind: 'select', choices: choice(['bottom', 'Below'], ['right', 'To the right']), otherwise: 'bottom' },
    { path: 'options.legend.width', label: 'Width', kind: 'number', least: 40, when: is('options.legend.placement', 'right') },
    { path: 'options.legend.calcs', label: 'Figures', kind: 'calcs' },
  ],
};

const tooltip: Group = {
  name: 'Tooltip',
  options: [
    { path: 'options.tooltip.mode', label: 'Shows', kind: 'select', choices: choice(['single', 'The nearest'], ['multi', 'All'], ['none', 'Nothing']), otherwise: 'single' },
    { path: 'options.tooltip.sort', label: 'Order', kind: 'select', choices: choice(['none', 'As drawn'], ['asc', 'Ascending'], ['desc', 'Descending']), otherwise: 'none', when: is('options.tooltip.mode', 'multi') },
    { path: 'options.tooltip.hideZeros', label: 'Leave out zeros', kind: 'switch', when: is('options.tooltip.mode', 'multi') },
  ],
};

const axis: Group = {
  name: 'Axis',
  options: [
    { path: `${custom}.axisPlacement`, label: 'Place', kind: 'select', choices: choice(['auto', 'By itself'], ['left', 'Left'], ['right', 'Right'], ['hidden', 'Hidden']), otherwise: 'auto' },
    { path: `${custom}.axisLabel`, label: 'Label', kind: 'text' },
    { path: `${custom}.axisWidth`, label: 'Width', kind: 'number', least: 0 },
    { path: `${custom}.axisSoftMin`, label: 'Soft min', kind: 'number' },
    { path: `${custom}.axisSoftMax`, label: 'Soft max', kind: 'number' },
    { path: `${custom}.axisCenteredZero`, label: 'Zero in the middle', kind: 'switch' },
    { path: `${custom}.scaleDistribution.type`, label: 'Scale', kind: 'select', choices: choice(['linear', 'Linear'], ['log', 'Logarithmic'], ['symlog', 'Logarithmic, around zero']), otherwise: 'linear' },
    { path: `${custom}.scaleDistribution.log`, label: 'Base', kind: 'select', choices: choice([2, '2'], [10, '10']), otherwise: 2, when: isNot(`${custom}.scaleDistribution.type`, 'linear', null) },
    { path: `${custom}.axisGridShow`, label: 'Grid lines', kind: 'switch', otherwise: true },
  ],
};

const lines: Group = {
  name: 'Drawing',
  options: [
    { path: `${custom}.drawStyle`, label: 'As', kind: 'select', choices: choice(['line', 'Lines'], ['bars', 'Bars'], ['points', 'Points']), otherwise: 'line' },
    { path: `${custom}.lineInterpolation`, label: 'Between points', kind: 'select', choices: choice(['linear', 'Straight'], ['smooth', 'Smooth'], ['stepBefore', 'Step before'], ['stepAfter', 'Step after']), otherwise: 'linear', when: is(`${custom}.drawStyle`, 'line', null) },
    { path: `${custom}.lineWidth`, label: 'Width of lines', kind: 'number', least: 0, most: 10, otherwise: 1, when: isNot(`${custom}.drawStyle`, 'points') },
    { path: `${custom}.lineStyle.fill`, label: 'Style of lines', kind: 'select', choices: choice(['solid', 'Solid'], ['dash', 'Dashed'], ['dot', 'Dotted']), otherwise: 'solid', when: is(`${custom}.drawStyle`, 'line', null) },
    { path: `${custom}.fillOpacity`, label: 'Fill, percent', kind: 'number', least: 0, most: 100, otherwise: 0 },
    { path: `${custom}.gradientMode`, label: 'Gradient', kind: 'select', choices: choice(['none', 'None'], ['opacity', 'Opacity'], ['hue', 'Hue'], ['scheme', 'Colours']), otherwise: 'none' },
    { path: `${custom}.showPoints`, label: 'Points', kind: 'select', choices: choice(['auto', 'Where there is room'], ['always', 'Always'], ['never', 'Never']), otherwise: 'auto', when: isNot(`${custom}.drawStyle`, 'points') },
    { path: `${custom}.pointSize`, label: 'Size of points', kind: 'number', least: 1, most: 40, otherwise: 5 },
    { path: `${custom}.spanNulls`, label: 'Gaps', kind: 'select', choices: choice([false, 'Stay open'], [true, 'Are closed']), otherwise: false, when: is(`${custom}.drawStyle`, 'line', null) },
    { path: `${custom}.barWidthFactor`, label: 'Width of bars, share', kind: 'number', least: 0.1, most: 1, otherwise: 0.6, when: is(`${custom}.drawStyle`, 'bars') },
    { path: `${custom}.stacking.mode`, label: 'Stacked', kind: 'select', choices: choice(['none', 'No'], ['normal', 'Yes'], ['percent', 'To 100 %']), otherwise: 'none' },
    { path: `${custom}.thresholdsStyle.mode`, label: 'Thresholds as', kind: 'select', choices: choice(['off', 'Not shown'], ['line', 'Lines'], ['dashed', 'Dashed lines'], ['area', 'Areas'], ['line+area', 'Lines and areas'], ['dashed+area', 'Dashed lines and areas']), otherwise: 'off' },
  ],
};

const reduce: Group = {
  name: 'Which values',
  options: [
    { path: 'options.reduceOptions.values', label: 'Show', kind: 'select', choices: choice([false, 'One figure for each series'], [true, 'All rows']), otherwise: false },
    { path: 'options.reduceOptions.calcs', label: 'Figure', kind: 'calcs', otherwise: ['lastNotNull'], when: isNot('options.reduceOptions.values', true) },
    { path: 'options.reduceOptions.limit', label: 'Most rows', kind: 'number', least: 1, when: is('options.reduceOptions.values', true) },
    { path: 'options.reduceOptions.fields', label: 'Fields', kind: 'text' },
  ],
};

const orientation: Option = { path: 'options.orientation', label: 'Orientation', kind: 'select', choices: choice(['auto', 'By itself'], ['horizontal', 'Horizontal'], ['vertical', 'Vertical']), otherwise: 'auto' };
const showValue: Option = { path: 'options.showValue', label: 'Values', kind: 'select', choices: choice(['auto', 'Where there is room'], ['always', 'Always'], ['never', 'Never']), otherwise: 'auto' };
const onlyFields = [standard, thresholds, mappings];

const kinds: Record<string, Group[]> = {
  timeseries: [lines, axis, legend, tooltip, ...onlyFields],
  stat: [
    reduce,
    {
      name: 'Drawing',
      options: [
        orientation,
        { path: 'options.textMode', label: 'Text', kind: 'select', choices: choice(['auto', 'By itself'], ['value', 'Value'], ['value_and_name', 'Value and name'], ['name', 'Name'], ['none', 'None']), otherwise: 'auto' },
        { path: 'options.colorMode', label: 'Colour of', kind: 'select', choices: choice(['none', 'Nothing'], ['value', 'Value'], ['background', 'Ground, shaded'], ['background_solid', 'Ground']), otherwise: 'value' },
        { path: 'options.graphMode', label: 'Line behind', kind: 'select', choices: choice(['none', 'None'], ['area', 'Area']), otherwise: 'area' },
        { path: 'options.justifyMode', label: 'Alignment', kind: 'select', choices: choice(['auto', 'By itself'], ['center', 'Middle']), otherwise: 'auto' },
        { path: 'options.showPercentChange', label: 'Change in percent', kind: 'switch' },
      ],
    },
    ...onlyFields,
  ],
  gauge: [reduce, { name: 'Drawing', options: [orientation, { path: 'options.showThresholdLabels', label: 'Thresholds as numbers', kind: 'switch' }, { path: 'options.showThresholdMarkers', label: 'Thresholds as a ring', kind: 'switch', otherwise: true }] }, ...onlyFields],
  bargauge: [
    reduce,
    {
      name: 'Drawing',
      options: [
        orientation,
        { path: 'options.displayMode', label: 'As', kind: 'select', choices: choice(['gradient', 'Gradient'], ['lcd', 'Segments'], ['basic', 'Plain']), otherwise: 'gradient' },
        { path: 'options.valueMode', label: 'Values', kind: 'select', choices: choice(['color', 'Coloured'], ['text', 'Plain'], ['hidden', 'Hidden']), otherwise: 'color' },
        { path: 'options.showUnfilled', label: 'The rest of the bar', kind: 'switch', otherwise: true },
      ],
    },
    ...onlyFields,
  ],
  piechart: [
    reduce,
    { name: 'Drawing', options: [{ path: 'options.pieType', label: 'As', kind: 'select', choices: choice(['pie', 'Pie'], ['donut', 'Ring']), otherwise: 'pie' }, { path: 'options.displayLabels', label: 'Labels', kind: 'lines' }] },
    legend,
    tooltip,
    ...onlyFields,
  ],
  table: [
    {
      name: 'Table',
      options: [
        { path: 'options.showHeader', label: 'Heading', kind: 'switch', otherwise: true },
        { path: 'options.cellHeight', label: 'Rows', kind: 'select', choices: choice(['sm', 'Small'], ['md', 'Medium'], ['lg', 'Large']), otherwise: 'sm' },
        { path: 'options.footer.show', label: 'Sums below', kind: 'switch' },
        { path: 'options.footer.reducer', label: 'Figure below', kind: 'calcs', otherwise: ['sum'], when: is('options.footer.show', true) },
        { path: 'options.footer.enablePagination', label: 'In pages', kind: 'switch' },
        { path: `${custom}.cellOptions.type`, label: 'Cells', kind: 'select', choices: choice(['auto', 'Plain'], ['color-text', 'Coloured text'], ['color-background', 'Coloured ground'], ['gauge', 'Bars'], ['json-view', 'JSON'], ['data-links', 'Links']), otherwise: 'auto' },
        { path: `${custom}.align`, label: 'Alignment', kind: 'select', choices: choice(['auto', 'By itself'], ['left', 'Left'], ['center', 'Middle'], ['right', 'Right']), otherwise: 'auto' },
        { path: `${custom}.width`, label: 'Width of columns', kind: 'number', least: 20 },
        { path: `${custom}.filterable`, label: 'Filters in headings', kind: 'switch' },
      ],
    },
    ...onlyFields,
  ],
  text: [{ name: 'Text', options: [{ path: 'options.mode', label: 'As', kind: 'select', choices: choice(['markdown', 'Markdown'], ['html', 'HTML'], ['code', 'Code']), otherwise: 'markdown' }, { path: 'options.content', label: 'Text', kind: 'area' }] }],
  logs: [
    {
      name: 'Logs',
      options: [
        { path: 'options.showTime', label: 'Time', kind: 'switch' },
        { path: 'options.showLabels', label: 'Labels', kind: 'switch' },
        { path: 'options.showCommonLabels', label: 'Labels that all have', kind: 'switch' },
        { path: 'options.wrapLogMessage', label: 'Break lines', kind: 'switch' },
        { path: 'options.prettifyLogMessage', label: 'Lay out JSON', kind: 'switch' },
        { path: 'options.enableLogDetails', label: 'Details on click', kind: 'switch', otherwise: true },
        { path: 'options.dedupStrategy', label: 'Leave out repeats', kind: 'select', choices: choice(['none', 'No'], ['exact', 'Equal lines'], ['numbers', 'Equal but for numbers'], ['signature', 'Equal punctuation']), otherwise: 'none' },
        { path: 'options.sortOrder', label: 'Order', kind: 'select', choices: choice(['Descending', 'Newest first'], ['Ascending', 'Oldest first']), otherwise: 'Descending' },
      ],
    },
  ],
  barchart: [
    {
      name: 'Bars',
      options: [
        orientation,
        showValue,
        { path: 'options.stacking', label: 'Stacked', kind: 'select', choices: choice(['none', 'No'], ['normal', 'Yes'], ['percent', 'To 100 %']), otherwise: 'none' },
        { path: 'options.xField', label: 'Names from', kind: 'text' },
        { path: 'options.barWidth', label: 'Width of bars, share', kind: 'number', least: 0.1, most: 1, otherwise: 0.97 },
        { path: 'options.groupWidth', label: 'Width of groups, share', kind: 'number', least: 0.1, most: 1, otherwise: 0.7 },
        { path: 'options.xTickLabelRotation', label: 'Turn of names, degrees', kind: 'number', least: -90, most: 90, otherwise: 0 },
      ],
    },
    axis,
    legend,
    tooltip,
    ...onlyFields,
  ],
  histogram: [{ name: 'Buckets', options: [{ path: 'options.bucketSize', label: 'Size', kind: 'number' }, { path: 'options.bucketOffset', label: 'Offset', kind: 'number', otherwise: 0 }, { path: 'options.combine', label: 'All series together', kind: 'switch' }] }, legend, tooltip, ...onlyFields],
  heatmap: [
    {
      name: 'Heatmap',
      options: [
        { path: 'options.calculate', label: 'Work out from values', kind: 'switch', otherwise: false },
        { path: 'options.yAxis.unit', label: 'Unit of the axis', kind: 'unit' },
        { path: 'options.yAxis.decimals', label: 'Decimals of the axis', kind: 'number', least: 0, most: 15 },
        { path: 'options.color.mode', label: 'Colours', kind: 'select', choices: choice(['scheme', 'A scheme'], ['opacity', 'Opacity']), otherwise: 'scheme' },
        { path: 'options.color.fill', label: 'Colour', kind: 'color', when: is('options.color.mode', 'opacity') },
        { path: 'options.color.steps', label: 'Steps', kind: 'number', least: 2, most: 128, otherwise: 64 },
        { path: 'options.color.reverse', label: 'Reversed', kind: 'switch' },
        { path: 'options.cellGap', label: 'Gap', kind: 'number', least: 0, most: 25, otherwise: 1 },
        { path: 'options.legend.show', label: 'Legend', kind: 'switch', otherwise: true },
      ],
    },
    standard,
  ],
  'state-timeline': [
    {
      name: 'States',
      options: [
        showValue,
        { path: 'options.mergeValues', label: 'Join equal values', kind: 'switch', otherwise: true },
        { path: 'options.alignValue', label: 'Values', kind: 'select', choices: choice(['left', 'Left'], ['center', 'Middle'], ['right', 'Right']), otherwise: 'left' },
        { path: 'options.rowHeight', label: 'Height of rows, share', kind: 'number', least: 0.1, most: 1, otherwise: 0.9 },
      ],
    },
    legend,
    tooltip,
    ...onlyFields,
  ],
  'status-history': [{ name: 'States', options: [showValue, { path: 'options.rowHeight', label: 'Height of rows, share', kind: 'number', least: 0.1, most: 1, otherwise: 0.9 }, { path: 'options.colWidth', label: 'Width of columns, share', kind: 'number', least: 0.1, most: 1, otherwise: 0.9 }] }, legend, tooltip, ...onlyFields],
  alertlist: [
    {
      name: 'Alerts',
      options: [
        { path: 'options.stateFilter.firing', label: 'Firing', kind: 'switch', otherwise: true },
        { path: 'options.stateFilter.pending', label: 'Pending', kind: 'switch', otherwise: true },
        { path: 'options.alertName', label: 'Name has', kind: 'text' },
        { path: 'options.alertInstanceLabelFilter', label: 'Labels, such as {severity="critical"}', kind: 'text' },
        { path: 'options.maxItems', label: 'Most', kind: 'number', least: 1, most: 500, otherwise: 20 },
      ],
    },
  ],
  dashlist: [
    {
      name: 'Dashboards',
      options: [
        { path: 'options.showSearch', label: 'Found by', kind: 'switch' },
        { path: 'options.query', label: 'Text', kind: 'text', when: is('options.showSearch', true) },
        { path: 'options.tags', label: 'Tags', kind: 'lines', when: is('options.showSearch', true) },
        { path: 'options.showRecentlyViewed', label: 'Recently viewed', kind: 'switch' },
        { path: 'options.maxItems', label: 'Most', kind: 'number', least: 1, most: 100, otherwise: 10 },
      ],
    },
  ],
};

/** The groups of options of a panel, those that do not apply now left out. */
export function optionGroups(panel: Panel): Group[] {
  return [general, ...(kinds[panel.type] ?? [])].map((group) => ({ ...group, options: group.options.filter(({ when }) => when === undefined || when(panel)) }));
}

/** Every path that a kind's options have, for tests. */
export const pathsOf = (type: string): string[] => (kinds[type] ?? []).flatMap(({ options }) => options.map(({ path }) => path));
