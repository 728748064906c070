import { createContext } from 'react';

import type { Theme } from './page';

/** The theme that the page is shown in, and how to show it in the other one without asking for its data again. */
export const ThemeContext = createContext<{ theme: Theme; choose: (theme: Theme) => void }>({
    theme: 'light',
    choose: () => undefined,
});
