import { errorText } from '../../api/request';
import type { LoadedAnnotations } from '../annotations';
import { annotationsOf, noAnnotations } from '../annotations';
import type { TimeSpan } from '../panel';
import type { Dashboard } from '../model';
import type { Calendar, RawRange } from '../time';
import { rangeOf, zoneOf } from '../time';
import type { Chosen, LoadedVariables, Section, ShownPanel } from '../variables';
import { sections } from '../variables';
import type { PanelState } from './panel-state';
import { emptyPanelState } from './panel-state';

/** What the address and the reader's browser say. */
export interface BoardInput {
  raw: RawRange;
  /** `browser`, `utc` or a zone's name. */
  zoneSetting: string;
  chosen: Chosen;
  isDark: boolean;
  /** Annotation queries that the reader switched on or off, by name. */
  annotationsOn: Readonly<Record<string, boolean>>;
}

/** What is known of a dashboard besides its panels' data. The same object while nothing changes. */
export interface BoardState {
  raw: RawRange;
  span: TimeSpan;
  zone: string;
  variables: LoadedVariables;
  /** Whether the variables have been loaded once, so that panels can be shown. */
  isReady: boolean;
  sections: Section[];
  /** Whether variables or panels that can be seen are being asked for. */
  busy: boolean;
  /** When the last answer came, in milliseconds since 1970. */
  at: number | null;
  /** Why nothing can be asked: a range that cannot be read, a server that cannot be reached. */
  error: string | null;
  /** What went wrong with annotations. */
  annotationProblems: string[];
}

/** Where things stand for one round of questions. */
export interface Place {
  dashboard: Dashboard;
  raw: RawRange;
  span: TimeSpan;
  zone: string;
  calendar: Calendar;
  variables: LoadedVariables;
  isDark: boolean;
  now: number;
}

/** One panel's part of a round: what to ask, and what to make of the answers. */
export interface PanelRound<Query, Answer, Memory> {
  queries: Query[];
  /** The state to show once all of its queries are answered. */
  prepare: (answers: ReadonlyMap<string, Answer>, place: Place, previous: PanelState, memory: Memory) => PanelState;
}

/** What a board asks of the server, and how; tests give their own. */
export interface BoardSource<Query extends { id: string }, Answer, Memory> {
  now: () => number;
  /** What is kept for a panel from round to round, so that what has not changed stays the same objects. */
  memory: () => Memory;
  variables: (place: Omit<Place, 'variables'>, chosen: Chosen, previous: LoadedVariables | undefined, isNewRange: boolean, signal: AbortSignal, onPart: (part: LoadedVariables) => void) => Promise<LoadedVariables>;
  round: (shown: ShownPanel, all: readonly ShownPanel[], place: Place, width: number) => PanelRound<Query, Answer, Memory>;
  ask: (queries: Query[], onAnswer: (id: string, answer: Answer) => void, signal: AbortSignal) => Promise<void>;
  annotations: (place: Place, on: Readonly<Record<string, boolean>>, signal: AbortSignal) => Promise<LoadedAnnotations>;
}

interface Slot<Query, Answer, Memory> {
  memory: Memory;
  shown: ShownPanel | null;
  state: PanelState;
  listeners: Set<() => void>;
  isVisible: boolean;
  width: number;
  /** Of the round in which it was last asked; an older one is stale. */
  round: number;
  asked: PanelRound<Query, Answer, Memory> | null;
  answers: Map<string, Answer>;
  missing: Set<string>;
}

const noVariables: LoadedVariables = { state: {}, problems: {} };

/**
 * A dashboard at work: loads variables, asks for the panels that can be seen with one request, hands each its data as
 * soon as all of it has come, and keeps what a panel shows until then. It knows nothing of React.
 */
export class Board<Query extends { id: string } = { id: string }, Answer = unknown, Memory = unknown> {
  private state: BoardState;
  private readonly listeners = new Set<() => void>();
  private readonly slots = new Map<string, Slot<Query, Answer, Memory>>();
  private shown = new Map<string, ShownPanel>();
  private round = 0;
  private place: Place | null = null;
  private input: BoardInput;
  private variablesAbort = new AbortController();
  private readonly asking = new Set<AbortController>();
  private isLoading = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private annotations: LoadedAnnotations = noAnnotations;
  private isOver = false;
  /** Panels whose new state is told at the end of this turn. */
  private readonly changed = new Set<Slot<Query, Answer, Memory>>();
  private telling: ReturnType<typeof setTimeout> | undefined;
  /** Variables whose choice was taken back since they were last loaded. */
  private readonly forgotten = new Set<string>();

  constructor(
    private dashboard: Dashboard,
    private readonly source: BoardSource<Query, Answer, Memory>,
    input: BoardInput,
    /** Which panels will be in sight once they are drawn for the first time, with their widths in pixels. */
    private readonly expected: (sections: readonly Section[]) => ReadonlyMap<string, number> = () => new Map(),
  ) {
    this.input = input;
    const zone = zoneOf(input.zoneSetting);
    const range = rangeOf(input.raw, source.now(), zone, this.calendar(), this.nowDelay());
    this.state = { raw: input.raw, span: range.span ?? { from: source.now() - 21_600_000, to: source.now() }, zone, variables: noVariables, isReady: false, sections: [], busy: true, at: null, error: range.error ?? null, annotationProblems: [] };
  }

  readonly snapshot = () => this.state;
  readonly watch = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly panelState = (key: string): PanelState => this.slots.get(key)?.state ?? emptyPanelState;
  readonly watchPanel = (key: string, listener: () => void) => {
    const { listeners } = this.slot(key);
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  /** Begins, or begins anew after `stop`. */
  start() {
    this.isOver = false;
    void this.run(false);
  }

  stop() {
    this.isOver = true;
    this.variablesAbort.abort();
    for (const controller of this.asking) controller.abort();
    this.asking.clear();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Takes what the address says now; what is on its way for the former address is given up. */
  set(input: BoardInput) {
    const before = this.input;
    this.input = input;
    if (before.raw.from === input.raw.from && before.raw.to === input.raw.to && before.zoneSetting === input.zoneSetting && JSON.stringify([before.chosen, before.annotationsOn]) === JSON.stringify([input.chosen, input.annotationsOn])) {
      if (before.isDark !== input.isDark) this.repaint();
      return;
    }
    // What the address no longer says is as the dashboard was saved, not as it was last.
    for (const name of Object.keys(before.chosen)) if (input.chosen[name] === undefined) this.forgotten.add(name);
    void this.run(before.raw.from !== input.raw.from || before.raw.to !== input.raw.to);
  }

  /** Takes another form of the dashboard, as an edit makes it. */
  setDashboard(dashboard: Dashboard) {
    if (dashboard === this.dashboard) return;
    this.dashboard = dashboard;
    void this.run(false);
  }

  /** Asks again for all that can be seen. While a former round is not over, it stays the one. */
  refresh() {
    if (!this.state.busy) void this.run(true);
  }

  /** Tells whether a panel can be seen, and its width in pixels. One that comes into view is asked for when it is stale. */
  setVisible(key: string, isVisible: boolean, width: number) {
    const slot = this.slot(key);
    slot.isVisible = isVisible;
    if (width > 0) slot.width = width;
    // All panels of a page come into view within one turn, and are asked for together.
    if (isVisible && slot.round < this.round) this.timer ??= setTimeout(() => this.askVisible(), 0);
  }

  private calendar(): Calendar {
    return { weekStart: this.dashboard.weekStart, fiscalYearStartMonth: this.dashboard.fiscalYearStartMonth };
  }

  private nowDelay() {
    return this.dashboard.timepicker?.nowDelay ?? '';
  }

  private slot(key: string): Slot<Query, Answer, Memory> {
    let slot = this.slots.get(key);
    if (!slot) {
      slot = { memory: this.source.memory(), shown: this.shown.get(key) ?? null, state: emptyPanelState, listeners: new Set(), isVisible: false, width: 0, round: -1, asked: null, answers: new Map(), missing: new Set() };
      this.slots.set(key, slot);
    }
    return slot;
  }

  private change(next: Partial<BoardState>) {
    if (this.isOver) return;
    const entries = Object.entries(next) as [keyof BoardState, unknown][];
    if (entries.every(([name, value]) => this.state[name] === value)) return;
    this.state = { ...this.state, ...next };
    for (const listener of this.listeners) listener();
  }

  private show(slot: Slot<Query, Answer, Memory>, state: PanelState) {
    if (slot.state === state || this.isOver) return;
    slot.state = state;
    // Many answers may come in one piece. Told one by one, React takes the updates that they lead to for a loop without end.
    this.changed.add(slot);
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      const slots = [...this.changed];
      this.changed.clear();
      for (const { listeners } of slots) for (const listener of [...listeners]) listener();
    }, 0);
  }

  private busy() {
    return this.isLoading || this.asking.size > 0;
  }

  private async run(isNewRange: boolean) {
    const now = this.source.now();
    const { raw, zoneSetting, chosen, isDark } = this.input;
    const zone = zoneOf(zoneSetting);
    const calendar = this.calendar();
    const range = rangeOf(raw, now, zone, calendar, this.nowDelay());
    if (!range.span) {
      this.change({ error: range.error, busy: false });
      return;
    }
    this.variablesAbort.abort();
    for (const controller of this.asking) controller.abort();
    this.asking.clear();
    const controller = new AbortController();
    this.variablesAbort = controller;
    const { signal } = controller;
    this.isLoading = true;
    const bare = { dashboard: this.dashboard, raw, span: range.span, zone, calendar, isDark, now };
    this.change({ raw, span: range.span, zone, busy: true, error: null });
    const previous = this.state.isReady ? without(this.state.variables, this.forgotten) : undefined;
    try {
      const variables = await this.source.variables(bare, chosen, previous, isNewRange, signal, (part) => {
        if (!signal.aborted && !this.state.isReady) this.change({ variables: part });
      });
      if (signal.aborted) return;
      this.isLoading = false;
      this.forgotten.clear();
      this.place = { ...bare, variables };
      this.round += 1;
      const isSame = this.state.isReady && this.laidOut === this.dashboard && sameState(this.state.variables, variables);
      const laidOut = isSame ? this.state.sections : sections(this.dashboard, variables.state);
      this.laidOut = this.dashboard;
      this.shown = new Map(laidOut.flatMap((section) => section.panels.map((each) => [each.key, each])));
      // Their frames are drawn while the server is at their answers.
      if (!this.state.isReady) for (const [key, width] of this.expected(laidOut)) Object.assign(this.slot(key), { isVisible: true, width });
      this.change({ variables: isSame && this.state.variables.problems === variables.problems ? this.state.variables : variables, isReady: true, sections: laidOut });
      for (const [key, slot] of this.slots) {
        slot.shown = this.shown.get(key) ?? null;
        if (!slot.shown && slot.listeners.size === 0) this.slots.delete(key);
      }
      this.askVisible();
      void this.askAnnotations();
    } catch (error) {
      if (signal.aborted) return;
      this.isLoading = false;
      this.change({ error: errorText(error), busy: this.busy() });
    }
  }

  private laidOut: Dashboard | null = null;

  private askVisible() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { place } = this;
    if (!place || this.isLoading || this.isOver) return;
    const all = [...this.shown.values()];
    const due: Slot<Query, Answer, Memory>[] = [];
    const waiting = new Map<string, Slot<Query, Answer, Memory>>();
    const queries: Query[] = [];
    for (const slot of this.slots.values()) {
      if (!slot.isVisible || !slot.shown || slot.round === this.round) continue;
      slot.round = this.round;
      slot.asked = this.source.round(slot.shown, all, place, slot.width);
      slot.answers = new Map();
      slot.missing = new Set(slot.asked.queries.map(({ id }) => id));
      for (const query of slot.asked.queries) {
        waiting.set(query.id, slot);
        queries.push(query);
      }
      if (slot.missing.size === 0) this.show(slot, this.prepared(slot, place));
      else {
        due.push(slot);
        this.show(slot, { ...slot.state, loading: true });
      }
    }
    if (queries.length === 0) {
      this.change({ busy: this.busy(), ...(this.busy() ? {} : { at: this.source.now() }) });
      return;
    }
    void this.ask(queries, waiting, due, place);
  }

  private async ask(queries: Query[], waiting: Map<string, Slot<Query, Answer, Memory>>, due: Slot<Query, Answer, Memory>[], place: Place) {
    const controller = new AbortController();
    const { round } = this;
    this.asking.add(controller);
    this.change({ busy: true });
    let error: string | null = null;
    try {
      await this.source.ask(
        queries,
        (id, answer) => {
          const slot = waiting.get(id);
          if (controller.signal.aborted || !slot || slot.round !== round || !slot.missing.delete(id)) return;
          slot.answers.set(id, answer);
          if (slot.missing.size === 0) this.show(slot, this.prepared(slot, place));
        },
        controller.signal,
      );
    } catch (cause) {
      error = errorText(cause);
    }
    if (controller.signal.aborted) return;
    this.asking.delete(controller);
    // What was not answered keeps what it showed, and is asked for again with the next round.
    for (const slot of due) if (slot.round === round && slot.missing.size > 0) this.show(slot, { ...slot.state, loading: false });
    this.change({ busy: this.busy(), error, ...(error === null ? { at: this.source.now() } : {}) });
  }

  private prepared(slot: Slot<Query, Answer, Memory>, place: Place): PanelState {
    try {
      return this.withAnnotations(slot, slot.asked!.prepare(slot.answers, place, slot.state, slot.memory));
    } catch (error) {
      return { ...slot.state, loading: false, answered: true, problems: [`This panel’s data cannot be made ready: ${errorText(error)}`] };
    }
  }

  /** Makes what is there anew, as when the colours change. */
  private repaint() {
    if (!this.place) return;
    this.place = { ...this.place, isDark: this.input.isDark };
    for (const slot of this.slots.values()) if (slot.asked && slot.state.answered && slot.missing.size === 0) this.show(slot, this.prepared(slot, this.place));
  }

  /** Asks for annotations anew, as when the server tells that there are others. */
  readonly refreshAnnotations = () => void this.askAnnotations();

  private async askAnnotations() {
    const { place } = this;
    if (!place) return;
    const { signal } = this.variablesAbort;
    try {
      const loaded = await this.source.annotations(place, this.input.annotationsOn, signal);
      if (signal.aborted) return;
      if (JSON.stringify(loaded.placed) !== JSON.stringify(this.annotations.placed)) {
        this.annotations = loaded;
        for (const slot of this.slots.values()) if (slot.state.answered) this.show(slot, this.withAnnotations(slot, slot.state));
      }
      if (JSON.stringify(loaded.problems) !== JSON.stringify(this.state.annotationProblems)) this.change({ annotationProblems: loaded.problems });
    } catch (error) {
      if (!signal.aborted) this.change({ annotationProblems: [errorText(error)] });
    }
  }

  private withAnnotations(slot: Slot<Query, Answer, Memory>, state: PanelState): PanelState {
    const annotations = slot.shown ? annotationsOf(this.annotations, slot.shown.panel.id) : state.annotations;
    return state.annotations === annotations ? state : { ...state, annotations };
  }
}

/** What panels need of a board, whatever it asks. */
export type PanelSource = Pick<Board, 'panelState' | 'watchPanel' | 'setVisible' | 'refresh'>;

const without = (loaded: LoadedVariables, names: ReadonlySet<string>): LoadedVariables =>
  names.size === 0 ? loaded : { ...loaded, state: Object.fromEntries(Object.entries(loaded.state).filter(([name]) => !names.has(name))) };

const sameState = (a: LoadedVariables, b: LoadedVariables) => {
  const names = Object.keys(a.state);
  return names.length === Object.keys(b.state).length && names.every((name) => a.state[name] === b.state[name]);
};
