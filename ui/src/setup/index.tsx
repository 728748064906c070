// Puts the page into the view: theme first, but never waiting for it.
import { ReactElement, StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { getThemeOptions, getUserTheme } from '@splunk/splunk-utils/themes';
import SplunkThemeProvider from '@splunk/themes/SplunkThemeProvider';
import { App } from './App';

/** Where the view `setup_page` wants the page; the script may run before the panel is there. */
const ROOT_ID = 'sam-setup-root';
/** Splunk Web's own script answers which theme the user has; a page in the wrong colours is better than none. */
const THEME_SECONDS = 1;

interface Theme {
    family?: 'enterprise' | 'prisma';
    colorScheme?: 'light' | 'dark';
    density?: 'comfortable' | 'compact';
}
const FALLBACK: Theme = { family: 'enterprise', colorScheme: 'light', density: 'comfortable' };

function Themed(): ReactElement {
    const [theme, setTheme] = useState<Theme>(FALLBACK);
    useEffect(() => {
        let isOver = false;
        const timer = setTimeout(() => {
            isOver = true;
        }, THEME_SECONDS * 1000);
        getUserTheme()
            .then((name) => {
                if (!isOver) setTheme({ ...FALLBACK, ...(getThemeOptions(name) as Theme) });
            })
            .catch(() => undefined);
        return () => clearTimeout(timer);
    }, []);
    return (
        <SplunkThemeProvider {...theme}>
            <App />
        </SplunkThemeProvider>
    );
}

function mount(holder: HTMLElement): void {
    createRoot(holder).render(
        <StrictMode>
            <Themed />
        </StrictMode>,
    );
}

const present = document.getElementById(ROOT_ID);
if (present) {
    mount(present);
} else {
    const watch = new MutationObserver(() => {
        const holder = document.getElementById(ROOT_ID);
        if (holder) {
            watch.disconnect();
            mount(holder);
        }
    });
    watch.observe(document.documentElement, { childList: true, subtree: true });
}
