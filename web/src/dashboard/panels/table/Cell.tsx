import { ActionIcon } from '@mantine/core';
import type { CSSProperties, ReactNode } from 'react';
import type { DisplayValue, Frame } from '../../frame';
import type { PanelProps } from '../../panel';
import { Icon } from '../../../parts/Icon';
import { Linked } from '../parts/Linked';
import { isSafeUrl } from '../../view/safe-url';
import { outside } from '../parts/outside';
import { Sparkline } from '../parts/Sparkline';
import { displayText, formatValue, textOn } from '../../display';
import { backgroundOf, colorOr, inkOf } from '../parts/contrast';
import { Bar } from '../parts/Bar';
import { scopedOf } from '../scoped';
import { scaleOf, shareOf, shownAs } from '../values';
import type { Column } from './columns';
import { frameIn, jsonText, pillsOf } from './values';

interface Props {
  column: Column;
  frame: Frame;
  row: number;
  width: number;
  height: number;
  left: number;
  columnIndex: number;
  link: PanelProps['link'];
  onFilter?: PanelProps['onFilter'];
  onInspect: (column: Column, row: number) => void;
  isDark: boolean;
}

const padding = 8;
/** Of table.css, in pixels. */
const textSize = 13;

export function Cell({ column, frame, row, width, height, left, columnIndex, link, onFilter, onInspect, isDark }: Props) {
  const { field, kind } = column;
  const value = field.values[row];
  const display = shownAs(field, value);
  const text = kind === 'json-view' || (field.type === 'other' && kind !== 'sparkline') ? jsonText(value) : displayText(display);
  const style: CSSProperties = { left, width, minHeight: height, textAlign: column.align };
  if (kind === 'color-background' && display.color) {
    style.background = backgroundOf(display.color, column.cell.mode, isDark);
    style.color = textOn(display.color, isDark);
  } else if (kind === 'color-text') style.color = inkOf(display.color, textSize, isDark);
  const links = field.config.links ?? [];
  const canFilter = column.filterable && onFilter !== undefined && value != null;
  const content = (): ReactNode => {
    if (kind === 'gauge' && typeof value === 'number') return <GaugeCell column={column} value={value} display={display} text={text} width={width} height={height} isDark={isDark} />;
    if (kind === 'sparkline') return <SparklineCell column={column} value={value} display={display} width={width} height={height} />;
    if (kind === 'json-view') return <code>{text}</code>;
    if (kind === 'image' && isSafeUrl(text)) {
      return (
        <a href={text} {...outside}>
          {text}
        </a>
      );
    }
    if (kind === 'pill') {
      return (
        <span className="table-pills">
          {pillsOf(value).map((each, index) => {
            const own = shownAs(field, each).color;
            return (
              <span key={index} className="table-pill" style={own ? { background: own, color: textOn(own, isDark) } : undefined}>
                {each}
              </span>
            );
          })}
        </span>
      );
    }
    if (kind === 'data-links' && links.length > 0) {
      const scoped = scopedOf(frame, field, row);
      return (
        <span className="table-pills">
          {links
            .map((each) => link(each, scoped))
            .filter(({ href }) => isSafeUrl(href))
            .map((made, index) => (
              <a key={index} href={made.href} {...(made.targetBlank ? outside : {})}>
                {made.title || made.href}
              </a>
            ))}
        </span>
      );
    }
    return text;
  };
  const isLinked = links.length > 0 && kind !== 'data-links' && kind !== 'image';
  const inside = (
    <span className={`table-content ${column.wrap ? 'wrap' : ''}`} title={column.wrap || kind === 'sparkline' ? undefined : text}>
      {content()}
    </span>
  );
  return (
    <div role="cell" aria-colindex={columnIndex + 1} className={`table-cell ${field.type === 'number' || field.type === 'time' ? 'num' : ''} ${isLinked ? 'linked' : ''}`} style={style}>
      {isLinked ? (
        <Linked links={links} link={link} scoped={scopedOf(frame, field, row)} label={`${column.name} ${text}`} className="table-content">
          {inside}
        </Linked>
      ) : (
        inside
      )}
      {(column.inspect || canFilter) && (
        <span className="table-actions">
          {canFilter && (
            <>
              <ActionIcon size="xs" variant="default" aria-label={`Only ${column.name} ${text}`} title="Only this value" onClick={() => onFilter(field.name, '=', String(value))}>
                <Icon name="plus" size={11} />
              </ActionIcon>
              <ActionIcon size="xs" variant="default" aria-label={`Without ${column.name} ${text}`} title="Without this value" onClick={() => onFilter(field.name, '!=', String(value))}>
                <Icon name="close" size={11} />
              </ActionIcon>
            </>
          )}
          {column.inspect && (
            <ActionIcon size="xs" variant="default" aria-label={`Show all of ${column.name} ${text.slice(0, 40)}`} title="Show the whole value" onClick={() => onInspect(column, row)}>
              <Icon name="eye" size={11} />
            </ActionIcon>
          )}
        </span>
      )}
    </div>
  );
}

function GaugeCell({ column, value, display, text, width, height, isDark }: { column: Column; value: number; display: DisplayValue; text: string; width: number; height: number; isDark: boolean }) {
  const scale = scaleOf(column.field);
  const mode = column.cell.mode === 'gradient' || column.cell.mode === 'lcd' ? column.cell.mode : 'basic';
  const isHidden = column.cell.valueDisplayMode === 'hidden';
  const inner = width - 2 * padding;
  const textWidth = isHidden ? 0 : Math.min(inner * 0.5, 72);
  const color = colorOr(display.color, 'var(--accent)');
  return (
    <span className="table-gauge">
      <Bar share={shareOf(value, scale)} scale={scale} field={column.field} width={Math.max(8, inner - textWidth - (isHidden ? 0 : 6))} height={Math.max(8, height - 14)} color={color} mode={mode} direction="horizontal" showEmpty />
      {!isHidden && (
        <span className="table-gauge-text" style={{ width: textWidth, color: column.cell.valueDisplayMode === 'text' ? undefined : inkOf(display.color ?? 'var(--accent)', textSize, isDark) }}>
          {text}
        </span>
      )}
    </span>
  );
}

function SparklineCell({ column, value, display, width, height }: { column: Column; value: unknown; display: DisplayValue; width: number; height: number }) {
  const inner = frameIn(value);
  const time = inner?.fields.find(({ type }) => type === 'time');
  const number = inner?.fields.find(({ type }) => type === 'number');
  if (!inner || !time || !number) return displayText(display);
  const last = number.values.findLast((each) => each !== null);
  const { unit, decimals } = column.field.config;
  const shown = number.display ? number.display(last) : typeof last === 'number' ? { ...display, ...formatValue(last, unit, decimals) } : display;
  const hasText = column.cell.hideValue !== true;
  const textWidth = hasText ? 64 : 0;
  const color = colorOr(shown.color ?? display.color, 'var(--accent)');
  return (
    <span className="table-gauge">
      {hasText && (
        <span className="table-gauge-text" style={{ width: textWidth }}>
          {displayText(shown)}
        </span>
      )}
      <Sparkline line={{ times: time.values as number[], values: number.values as (number | null)[] }} width={Math.max(8, width - 2 * padding - textWidth - 6)} height={Math.max(8, height - 10)} color={color} min={column.field.config.min} max={column.field.config.max} />
    </span>
  );
}
