import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

import SplunkThemeProvider from '@splunk/themes/SplunkThemeProvider';

import { readPage, type Page, type Theme } from './page';
import { ThemeContext } from './theme';

function Themed({ page, children }: { page: Page; children: ReactNode }) {
    const [theme, choose] = useState<Theme>(page.theme);
    useEffect(() => {
        document.body.dataset.theme = theme;
    }, [theme]);
    return (
        <ThemeContext.Provider value={{ theme, choose }}>
            <SplunkThemeProvider family="enterprise" colorScheme={theme} density="compact">
                {children}
            </SplunkThemeProvider>
        </ThemeContext.Provider>
    );
}

/** Renders a page into the document, at first in the theme that the server says. */
export function mount(render: (page: Page) => ReactNode): void {
    const page = readPage();
    const holder = document.getElementById('shell');
    if (!holder) throw new Error('The document has no place for the page.');
    createRoot(holder).render(<Themed page={page}>{render(page)}</Themed>);
}
