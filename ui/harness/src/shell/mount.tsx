import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';

import SplunkThemeProvider from '@splunk/themes/SplunkThemeProvider';

import { readPage, type Page } from './page';

/** Renders a page into the document in the theme that the server says. */
export function mount(render: (page: Page) => ReactNode): void {
    const page = readPage();
    const holder = document.getElementById('shell');
    if (!holder) throw new Error('The document has no place for the page.');
    createRoot(holder).render(
        <SplunkThemeProvider family="enterprise" colorScheme={page.theme} density="compact">
            {render(page)}
        </SplunkThemeProvider>,
    );
}
