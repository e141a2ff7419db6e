/** All that the gallery shows, a file for each family. */

import type { Case } from '../case';
import bars from './bars';
import colors from './colors';
import exactBars from './exact-bars';
import exactLines from './exact-lines';
import heatmap from './heatmap';
import lists from './lists';
import mappings from './mappings';
import overrides from './overrides';
import states from './states';
import tables from './tables';
import timeseries from './timeseries';
import units from './units';
import values from './values';

export const cases: Case[] = [...timeseries, ...exactLines, ...bars, ...exactBars, ...heatmap, ...values, ...units, ...colors, ...mappings, ...overrides, ...tables, ...states, ...lists];
