/** What only those who change a dashboard need: fetched when editing begins. */

import { lazy } from 'react';

export const EditBar = lazy(async () => ({ default: (await import('./EditBar')).EditBar }));
export const EditDialogs = lazy(() => import('./Dialogs'));
export const EditedPanel = lazy(() => import('./EditedPanel'));
export const MovablePanel = lazy(() => import('./MovablePanel'));
export const PanelItems = lazy(async () => ({ default: (await import('./PanelItems')).PanelItems }));
export const RowMenu = lazy(async () => ({ default: (await import('./RowMenu')).RowMenu }));
