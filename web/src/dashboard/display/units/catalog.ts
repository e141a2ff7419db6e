/** Grafana's units by the groups in which its documentation lists them. */

import { dated, fromNow } from './date';
import {
  apart, clockOfDays, clockOfHours, clockOfMilliseconds, clockOfSeconds, ofDays, ofHours, ofMicroseconds, ofMilliseconds, ofMinutes, ofNanoseconds, ofSeconds, ofTicks,
} from './duration';
import type { Format } from './number';
import { binary, count, currency, fixed, hex, percent, plain, scaled, scientific, separated, share, si, truth } from './number';

export type UnitRow = [id: string, name: string, format: Format];

const date = 'YYYY-MM-DD HH:mm:ss';
const dateMs = 'YYYY-MM-DD HH:mm:ss.SSS';
const american = 'MM/DD/YYYY h:mm:ss a';

/** `power` as in `si`: which power of 1000 values come in. */
const energy: [string, string, string, number][] = [
  ['watt', 'Watt (W)', 'W', 0], ['kwatt', 'Kilowatt (kW)', 'W', 1], ['megwatt', 'Megawatt (MW)', 'W', 2], ['gwatt', 'Gigawatt (GW)', 'W', 3], ['mwatt', 'Milliwatt (mW)', 'W', -1],
  ['voltamp', 'Volt-ampere (VA)', 'VA', 0], ['kvoltamp', 'Kilovolt-ampere (kVA)', 'VA', 1],
  ['voltampreact', 'Volt-ampere reactive (VAr)', 'VAr', 0], ['kvoltampreact', 'Kilovolt-ampere reactive (kVAr)', 'VAr', 1],
  ['watth', 'Watt-hour (Wh)', 'Wh', 0], ['watthperkg', 'Watt-hour per kilogram (Wh/kg)', 'Wh/kg', 0], ['kwatth', 'Kilowatt-hour (kWh)', 'Wh', 1], ['kwattm', 'Kilowatt-minute (kWm)', 'W-Min', 1],
  ['amph', 'Ampere-hour (Ah)', 'Ah', 0], ['kamph', 'Kiloampere-hour (kAh)', 'Ah', 1], ['mamph', 'Milliampere-hour (mAh)', 'Ah', -1],
  ['joule', 'Joule (J)', 'J', 0], ['ev', 'Electronvolt (eV)', 'eV', 0],
  ['amp', 'Ampere (A)', 'A', 0], ['kamp', 'Kiloampere (kA)', 'A', 1], ['mamp', 'Milliampere (mA)', 'A', -1],
  ['volt', 'Volt (V)', 'V', 0], ['kvolt', 'Kilovolt (kV)', 'V', 1], ['mvolt', 'Millivolt (mV)', 'V', -1], ['dBm', 'Decibel-milliwatt (dBm)', 'dBm', 0],
  ['mohm', 'Milliohm (mΩ)', 'Ω', -1], ['ohm', 'Ohm (Ω)', 'Ω', 0], ['kohm', 'Kiloohm (kΩ)', 'Ω', 1], ['Mohm', 'Megaohm (MΩ)', 'Ω', 2],
  ['farad', 'Farad (F)', 'F', 0], ['µfarad', 'Microfarad (µF)', 'F', -2], ['nfarad', 'Nanofarad (nF)', 'F', -3], ['pfarad', 'Picofarad (pF)', 'F', -4], ['ffarad', 'Femtofarad (fF)', 'F', -5],
  ['henry', 'Henry (H)', 'H', 0], ['mhenry', 'Millihenry (mH)', 'H', -1], ['µhenry', 'Microhenry (µH)', 'H', -2],
  ['lumens', 'Lumens (Lm)', 'Lm', 0],
];

const radiation: [string, string, string, number][] = [
  ['radbq', 'Becquerel (Bq)', 'Bq', 0], ['radci', 'Curie (Ci)', 'Ci', 0], ['radgy', 'Gray (Gy)', 'Gy', 0], ['radrad', 'rad', 'rad', 0],
  ['radsv', 'Sievert (Sv)', 'Sv', 0], ['radmsv', 'Millisievert (mSv)', 'Sv', -1], ['radusv', 'Microsievert (µSv)', 'Sv', -2], ['radrem', 'rem', 'rem', 0],
  ['radexpckg', 'Exposure (C/kg)', 'C/kg', 0], ['radr', 'Roentgen (R)', 'R', 0],
  ['radsvh', 'Sievert/hour (Sv/h)', 'Sv/h', 0], ['radmsvh', 'Millisievert/hour (mSv/h)', 'Sv/h', -1], ['radusvh', 'Microsievert/hour (µSv/h)', 'Sv/h', -2],
];

const withSi = (rows: [string, string, string, number][]): UnitRow[] => rows.map(([id, name, symbol, power]) => [id, name, si(symbol, power)]);
const withSymbol = (rows: [string, string, string][]): UnitRow[] => rows.map(([id, name, symbol]) => [id, name, plain(symbol)]);
const withCount = (rows: [string, string, string][]): UnitRow[] => rows.map(([id, name, symbol]) => [id, name, count(symbol)]);

/** Flops and hash rates: the id's beginning and the power of 1000. */
const powers: [string, string, number][] = [['', '', 0], ['m', 'M', 2], ['g', 'G', 3], ['t', 'T', 4], ['p', 'P', 5], ['e', 'E', 6], ['z', 'Z', 7], ['y', 'Y', 8]];

const dataSizes: UnitRow[] = [
  ['bytes', 'bytes (IEC)', binary('B')], ['decbytes', 'bytes (SI)', si('B')], ['bits', 'bits (IEC)', binary('b')], ['decbits', 'bits (SI)', si('b')],
  ...(['k', 'm', 'g', 't', 'p'] as const).flatMap((letter, at): UnitRow[] => {
    const name = ['kilo', 'mega', 'giga', 'tera', 'peta'][at]!;
    return [[`${letter}bytes`, `${name.slice(0, 2)}bibytes`, binary('B', at + 1)], [`dec${letter}bytes`, `${name}bytes`, si('B', at + 1)]];
  }),
];

const dataRates: UnitRow[] = [
  ['pps', 'packets/sec', si('p/s')],
  ['binBps', 'bytes/sec (IEC)', binary('B/s')], ['Bps', 'bytes/sec (SI)', si('B/s')], ['binbps', 'bits/sec (IEC)', binary('b/s')], ['bps', 'bits/sec (SI)', si('b/s')],
  ...(['K', 'M', 'G', 'T', 'P'] as const).flatMap((letter, at): UnitRow[] => {
    const name = ['kilo', 'mega', 'giga', 'tera', 'peta'][at]!;
    return [
      [`${letter}iBs`, `${name.slice(0, 2)}bibytes/sec`, binary('B/s', at + 1)], [`${letter}ibits`, `${name.slice(0, 2)}bibits/sec`, binary('b/s', at + 1)],
      [`${letter}Bs`, `${name}bytes/sec`, si('B/s', at + 1)], [`${letter}bits`, `${name}bits/sec`, si('b/s', at + 1)],
    ];
  }),
];

const currencies: UnitRow[] = (
  [
    ['USD', 'Dollars ($)', '$'], ['GBP', 'Pounds (£)', '£'], ['EUR', 'Euro (€)', '€'], ['JPY', 'Yen (¥)', '¥'], ['RUB', 'Rubles (₽)', '₽'], ['UAH', 'Hryvnias (₴)', '₴'],
    ['BRL', 'Real (R$)', 'R$'], ['DKK', 'Danish Krone (kr)', 'kr', true], ['ISK', 'Icelandic Króna (kr)', 'kr', true], ['NOK', 'Norwegian Krone (kr)', 'kr', true],
    ['SEK', 'Swedish Krona (kr)', 'kr', true], ['CZK', 'Czech koruna (czk)', 'czk'], ['CHF', 'Swiss franc (CHF)', 'CHF'], ['PLN', 'Polish Złoty (PLN)', 'PLN'],
    ['BTC', 'Bitcoin (฿)', '฿'], ['mBTC', 'Milli Bitcoin (฿)', 'mBTC'], ['μBTC', 'Micro Bitcoin (฿)', 'μBTC'], ['ZAR', 'South African Rand (R)', 'R'],
    ['INR', 'Indian Rupee (₹)', '₹'], ['KRW', 'South Korean Won (₩)', '₩'], ['IDR', 'Indonesian Rupiah (Rp)', 'Rp'], ['PHP', 'Philippine Peso (PHP)', 'PHP'],
    ['VND', 'Vietnamese Dong (VND)', 'đ', true], ['TRY', 'Turkish Lira (₺)', '₺', true], ['MYR', 'Malaysian Ringgit (RM)', 'RM'], ['XPF', 'CFP franc (XPF)', 'XPF'],
    ['BGN', 'Bulgarian Lev (BGN)', 'BGN'], ['PYG', 'Guaraní (₲)', '₲'], ['UYU', 'Uruguayan Peso (UYU)', 'UYU'], ['ILS', 'Israeli New Shekels (₪)', '₪'],
  ] as [string, string, string, boolean?][]
).map(([code, name, symbol, asSuffix]) => [`currency${code}`, name, currency(symbol, asSuffix)]);

export const catalog: [group: string, rows: UnitRow[]][] = [
  ['Misc', [
    ['none', 'Number', plain('')], ['string', 'String', (value) => ({ text: String(value) })],
    ['short', 'short', scaled(1000, ['', ' K', ' Mil', ' Bil', ' Tri', ' Quadr', ' Quint', ' Sext', ' Sept'])], ['sishort', 'SI short', si('')],
    ['percent', 'Percent (0-100)', percent], ['percentunit', 'Percent (0.0-1.0)', share], ['humidity', 'Humidity (%H)', plain('%H')], ['dB', 'Decibel', plain('dB')],
    ['candela', 'Candela (cd)', si('cd')], ['hex0x', 'Hexadecimal (0x)', hex('0x')], ['hex', 'Hexadecimal', hex('')], ['sci', 'Scientific notation', scientific],
    ['locale', 'Locale format', separated], ['pixel', 'Pixels', plain('px')],
  ]],
  ['Acceleration', withSymbol([['accMS2', 'Meters/sec²', 'm/sec²'], ['accFS2', 'Feet/sec²', 'f/sec²'], ['accG', 'G unit', 'g']])],
  ['Angle', withSymbol([['degree', 'Degrees (°)', '°'], ['radian', 'Radians', 'rad'], ['grad', 'Gradian', 'grad'], ['arcmin', 'Arc Minutes', 'arcmin'], ['arcsec', 'Arc Seconds', 'arcsec']])],
  ['Area', withSymbol([['areaM2', 'Square Meters (m²)', 'm²'], ['areaF2', 'Square Feet (ft²)', 'ft²'], ['areaMI2', 'Square Miles (mi²)', 'mi²'], ['acres', 'Acres (ac)', 'ac'], ['hectares', 'Hectares (ha)', 'ha']])],
  ['Computation', powers.map(([start, letter, power]) => [`${start}flops`, `${letter}FLOP/s`, si('FLOPS', power)])],
  ['Concentration', withSymbol([
    ['ppm', 'parts-per-million (ppm)', 'ppm'], ['conppb', 'parts-per-billion (ppb)', 'ppb'], ['conngm3', 'nanogram per cubic meter (ng/m³)', 'ng/m³'],
    ['conngNm3', 'nanogram per normal cubic meter (ng/Nm³)', 'ng/Nm³'], ['conμgm3', 'microgram per cubic meter (μg/m³)', 'μg/m³'],
    ['conμgNm3', 'microgram per normal cubic meter (μg/Nm³)', 'μg/Nm³'], ['conmgm3', 'milligram per cubic meter (mg/m³)', 'mg/m³'],
    ['conmgNm3', 'milligram per normal cubic meter (mg/Nm³)', 'mg/Nm³'], ['congm3', 'gram per cubic meter (g/m³)', 'g/m³'],
    ['congNm3', 'gram per normal cubic meter (g/Nm³)', 'g/Nm³'], ['conmgdL', 'milligrams per decilitre (mg/dL)', 'mg/dL'], ['conmmolL', 'millimoles per litre (mmol/L)', 'mmol/L'],
  ])],
  ['Currency', currencies],
  ['Data', dataSizes],
  ['Data rate', dataRates],
  ['Date & time', [
    ['dateTimeAsIso', 'Datetime ISO', dated(date, undefined, dateMs)], ['dateTimeAsIsoNoDateIfToday', 'Datetime ISO (No date if today)', dated(date, 'HH:mm:ss', dateMs)],
    ['dateTimeAsUS', 'Datetime US', dated(american)], ['dateTimeAsUSNoDateIfToday', 'Datetime US (No date if today)', dated(american, 'h:mm:ss a')],
    ['dateTimeAsLocal', 'Datetime local', dated(date, undefined, dateMs)], ['dateTimeAsLocalNoDateIfToday', 'Datetime local (No date if today)', dated(date, 'HH:mm:ss', dateMs)],
    ['dateTimeAsSystem', 'Datetime default', dated(date, undefined, dateMs)], ['dateTimeFromNow', 'From Now', fromNow],
  ]],
  ['Energy', [...withSi(energy), ['Wm2', 'Watt per square meter (W/m²)', plain('W/m²')]]],
  ['Flow', withSymbol([
    ['flowgpm', 'Gallons/min (gpm)', 'gpm'], ['flowcms', 'Cubic meters/sec (cms)', 'cms'], ['flowcfs', 'Cubic feet/sec (cfs)', 'cfs'], ['flowcfm', 'Cubic feet/min (cfm)', 'cfm'],
    ['litreh', 'Litre/hour', 'L/h'], ['flowlpm', 'Litre/min (L/min)', 'L/min'], ['flowmlpm', 'milliLitre/min (mL/min)', 'mL/min'], ['lux', 'Lux (lx)', 'lux'],
  ])],
  ['Force', withSi([['forceNm', 'Newton-meters (Nm)', 'Nm', 0], ['forcekNm', 'Kilonewton-meters (kNm)', 'Nm', 1], ['forceN', 'Newtons (N)', 'N', 0], ['forcekN', 'Kilonewtons (kN)', 'N', 1]])],
  ['Hash rate', [['', 0], ['K', 1], ['M', 2], ['G', 3], ['T', 4], ['P', 5], ['E', 6]].map(([letter, power]) => [`${letter}Hs`, `${letter}hashes/sec`, si('H/s', power as number)])],
  ['Mass', [...withSi([['massmg', 'milligram (mg)', 'g', -1], ['massg', 'gram (g)', 'g', 0], ['masskg', 'kilogram (kg)', 'g', 1]]), ['masslb', 'pound (lb)', plain('lb')], ['masst', 'metric ton (t)', plain('t')]]],
  ['Length', [
    ...withSi([['lengthmm', 'millimeter (mm)', 'm', -1], ['lengthm', 'meter (m)', 'm', 0], ['lengthkm', 'kilometer (km)', 'm', 1]]),
    ...withSymbol([['lengthin', 'inch (in)', 'in'], ['lengthft', 'feet (ft)', 'ft'], ['lengthmi', 'mile (mi)', 'mi']]),
  ]],
  ['Pressure', [
    ...withSi([['pressurembar', 'Millibars', 'bar', -1], ['pressurebar', 'Bars', 'bar', 0], ['pressurekbar', 'Kilobars', 'bar', 1], ['pressurepa', 'Pascals', 'Pa', 0]]),
    ...withSymbol([['pressurehpa', 'Hectopascals', 'hPa'], ['pressurekpa', 'Kilopascals', 'kPa'], ['pressurehg', 'Inches of mercury', '"Hg']]),
    ['pressurepsi', 'PSI', scaled(1000, [' psi', ' ksi', ' Mpsi'])],
  ]],
  ['Radiation', withSi(radiation)],
  ['Rotational Speed', [
    ['rotrpm', 'Revolutions per minute (rpm)', plain('rpm')],
    ...withSi([['rothz', 'Hertz (Hz)', 'Hz', 0], ['rotkhz', 'Kilohertz (kHz)', 'Hz', 1], ['rotmhz', 'Megahertz (MHz)', 'Hz', 2], ['rotghz', 'Gigahertz (GHz)', 'Hz', 3]]),
    ...withSymbol([['rotrads', 'Radians per second (rad/s)', 'rad/s'], ['rotdegs', 'Degrees per second (°/s)', '°/s']]),
  ]],
  ['Temperature', withSymbol([['celsius', 'Celsius (°C)', '°C'], ['fahrenheit', 'Fahrenheit (°F)', '°F'], ['kelvin', 'Kelvin (K)', 'K']])],
  ['Time', [
    ['hertz', 'Hertz (1/s)', si('Hz')], ['ns', 'nanoseconds (ns)', ofNanoseconds], ['µs', 'microseconds (µs)', ofMicroseconds], ['ms', 'milliseconds (ms)', ofMilliseconds],
    ['s', 'seconds (s)', ofSeconds], ['m', 'minutes (m)', ofMinutes], ['h', 'hours (h)', ofHours], ['d', 'days (d)', ofDays],
    ['dtdurationms', 'duration (ms)', apart('millisecond')], ['dtdurations', 'duration (s)', apart('second')], ['dthms', 'duration (hh:mm:ss)', clockOfHours],
    ['dtdhms', 'duration (d hh:mm:ss)', clockOfDays], ['timeticks', 'Timeticks (s/100)', ofTicks], ['clockms', 'clock (ms)', clockOfMilliseconds], ['clocks', 'clock (s)', clockOfSeconds],
  ]],
  ['Throughput', withCount([
    ['cps', 'counts/sec (cps)', 'c/s'], ['ops', 'ops/sec (ops)', 'ops/s'], ['reqps', 'requests/sec (rps)', 'req/s'], ['rps', 'reads/sec (rps)', 'rd/s'], ['wps', 'writes/sec (wps)', 'wr/s'],
    ['iops', 'I/O ops/sec (iops)', 'io/s'], ['eps', 'events/sec (eps)', 'evt/s'], ['mps', 'messages/sec (mps)', 'msg/s'], ['recps', 'records/sec (rps)', 'rec/s'], ['rowsps', 'rows/sec (rps)', 'rows/s'],
    ['cpm', 'counts/min (cpm)', 'c/m'], ['opm', 'ops/min (opm)', 'ops/m'], ['reqpm', 'requests/min (rpm)', 'req/m'], ['rpm', 'reads/min (rpm)', 'rd/m'], ['wpm', 'writes/min (wpm)', 'wr/m'],
    ['epm', 'events/min (epm)', 'evts/m'], ['mpm', 'messages/min (mpm)', 'msgs/m'], ['recpm', 'records/min (rpm)', 'rec/m'], ['rowspm', 'rows/min (rpm)', 'rows/m'],
  ])],
  ['Velocity', withSymbol([['velocityms', 'meters/second (m/s)', 'm/s'], ['velocitykmh', 'kilometers/hour (km/h)', 'km/h'], ['velocitymph', 'miles/hour (mph)', 'mph'], ['velocityknot', 'knot (kn)', 'kn']])],
  ['Volume', [
    ...withSi([['mlitre', 'millilitre (mL)', 'L', -1], ['litre', 'litre (L)', 'L', 0]]),
    ...withSymbol([['m3', 'cubic meter', 'm³'], ['Nm3', 'Normal cubic meter', 'Nm³'], ['dm3', 'cubic decimeter', 'dm³'], ['gallons', 'gallons', 'gal']]),
  ]],
  ['Boolean', [['bool', 'True / False', truth('True', 'False')], ['bool_yes_no', 'Yes / No', truth('Yes', 'No')], ['bool_on_off', 'On / Off', truth('On', 'Off')]]],
];

/** For what is no unit's id at all: the text itself after the number. */
export const unknownUnit = (id: string): Format => (value, decimals) => ({ text: fixed(value, decimals), suffix: ` ${id}` });
