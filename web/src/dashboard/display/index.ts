/** How values are shown: units, colours, mappings, thresholds, overrides and what is calculated of a field. */

export { defaultColorMode, isByValue, isColorMode, scaleOf, seriesColor } from './color-mode';
export type { Scaled } from './color-mode';
export { colorByName, colorOf, contrast, cssOf, paletteColor, rgbOf, textOn, withAlpha } from './colors';
export { displayOf, displayOfResult, numberOf, plainText } from './display';
export type { DisplayContext } from './display';
export { applyFieldConfig } from './field-config';
export type { FieldConfigContext } from './field-config';
export { mappedTo } from './mappings';
export { fieldVariables, labelsText, Namer } from './names';
export { BoundedRegExp, patternOf, readPattern } from './pattern';
export { extent, isReducer, reduceField, reducerOf, reducers } from './reduce';
export type { Reducer } from './reduce';
export { continuousSchemes, schemeColor } from './schemes';
export { activeThreshold, defaultThresholds, thresholdSteps } from './thresholds';
export { autoDecimals, displayText, fixed, formatDate, formatValue, isBooleanUnit, isDateUnit, unitIds } from './units';
export type { FormatContext } from './units';
