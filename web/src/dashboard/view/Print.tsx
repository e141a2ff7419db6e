import { Button, Modal, Progress, useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import './print.css';

/** How long is waited for panels; what has not come by then is printed as it is. */
const patienceMs = 60_000;
/** After the last answer charts are still being drawn at the paper's width. */
const settleMs = 400;

const count = () => {
  const all = [...document.querySelectorAll('[data-panel]')];
  return { all: all.length, drawn: all.filter((panel) => !panel.hasAttribute('aria-busy') && panel.querySelector('.drawn')?.childElementCount).length };
};
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Draws all panels of what is not folded, those off the screen too, at the width of paper and in light colours; then prints. */
export default function Print({ isBusy, onDone }: { isBusy: () => boolean; onDone: () => void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [panels, setPanels] = useState(count);
  const [isDrawing, setDrawing] = useState(true);
  const given = useRef({ colorScheme, setColorScheme, isBusy, onDone });
  useEffect(() => {
    const isDark = document.documentElement.dataset.mantineColorScheme === 'dark';
    const { colorScheme: before, setColorScheme: color, isBusy: busy, onDone: done } = given.current;
    let isOver = false;
    const run = async () => {
      document.documentElement.dataset.printing = 'true';
      if (isDark) color('light');
      // Panels draw themselves before a print, as when the browser's own command asks for one.
      window.dispatchEvent(new Event('beforeprint'));
      await pause(settleMs);
      const end = performance.now() + patienceMs;
      for (let quiet = 0; quiet < 3 && !isOver && performance.now() < end; ) {
        const now = count();
        setPanels(now);
        quiet = !busy() && document.querySelector('[data-panel][aria-busy]') === null ? quiet + 1 : 0;
        await pause(100);
      }
      if (isOver) return;
      // The window that tells of this must not be on the paper.
      setDrawing(false);
      await pause(settleMs);
      if (isOver) return;
      window.print();
      done();
    };
    void run();
    return () => {
      isOver = true;
      delete document.documentElement.dataset.printing;
      if (isDark) color(before);
      window.dispatchEvent(new Event('afterprint'));
    };
  }, []);
  return (
    <Modal opened={isDrawing} onClose={onDone} title="Print" className="no-print" transitionProps={{ duration: 0 }}>
      <div className="stack">
        <div role="status">
          Drawing panels: {panels.drawn} of {panels.all}
        </div>
        <Progress value={panels.all === 0 ? 100 : (panels.drawn / panels.all) * 100} aria-label="Panels drawn" />
        <div>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}
