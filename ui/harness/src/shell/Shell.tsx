import type { ReactNode } from 'react';
import { useCallback, useContext } from 'react';
import styled from 'styled-components';

import variables from '@splunk/themes/variables';

import type { NavItem, Page } from './page';
import { ThemeContext } from './theme';

const Top = styled.header`
    position: relative;
    z-index: 2;
    display: flex;
    align-items: center;
    gap: 24px;
    min-height: 40px;
    padding: 0 20px;
    background: #171d21;
    color: #fff;
    font: 14px/1.4 ${variables.fontFamily};
    a,
    button {
        color: #fff;
        background: none;
        border: 0;
        padding: 4px 0;
        font: inherit;
        text-decoration: none;
        cursor: pointer;
    }
    a:hover,
    button:hover {
        text-decoration: underline;
    }
    a:focus-visible,
    button:focus-visible {
        outline: 2px solid #5cb3ff;
        outline-offset: 2px;
    }
`;
const Brand = styled.span`
    font-weight: 700;
`;
const Spacer = styled.span`
    flex: 1;
`;
const Bar = styled.nav<{ $color: string }>`
    position: relative;
    z-index: 2;
    display: flex;
    flex-wrap: wrap;
    align-items: stretch;
    padding: 0 12px;
    background: ${(props) => props.$color};
    color: #fff;
    font: 14px/1.4 ${variables.fontFamily};
    a,
    summary {
        display: block;
        padding: 10px 8px;
        color: #fff;
        text-decoration: none;
        cursor: pointer;
    }
    a[aria-current='page'] {
        box-shadow: inset 0 -3px 0 #fff;
    }
    a:hover,
    summary:hover {
        background: rgba(0, 0, 0, 0.25);
    }
    a:focus-visible,
    summary:focus-visible {
        outline: 2px solid #fff;
        outline-offset: -3px;
    }
    details {
        position: relative;
    }
    details > div {
        position: absolute;
        min-width: 200px;
        background: ${(props) => props.$color};
        box-shadow: 0 4px 12px rgba(0, 0, 0, 0.4);
    }
`;
const AppName = styled.span`
    margin-left: auto;
    padding: 10px 12px;
    font-weight: 700;
`;
const Main = styled.main`
    min-height: calc(100vh - 82px);
    background: ${variables.backgroundColorPage};
    color: ${variables.contentColorDefault};
    font-family: ${variables.fontFamily};
`;
export const Body = styled.div`
    padding: 20px;
`;

function Item({ item }: { item: NavItem }) {
    if (item.items) {
        return (
            <details>
                <summary>{item.label}</summary>
                <div>
                    {item.items.map((inner) => (
                        <Item key={inner.label} item={inner} />
                    ))}
                </div>
            </details>
        );
    }
    return (
        <a href={item.href} {...(item.here ? { 'aria-current': 'page' as const } : {})}>
            {item.label}
        </a>
    );
}

/** Splunk's bar and the app's navigation around a page. */
export function Shell({ page, children }: { page: Page; children?: ReactNode }) {
    const { theme, choose } = useContext(ThemeContext);
    const other = theme === 'dark' ? 'light' : 'dark';
    const isOurs = children !== undefined;
    const switchTheme = useCallback(() => {
        document.cookie = `splunkweb_theme=${other}; path=/; SameSite=Lax`;
        // The script of a classic dashboard asks for the theme once, when it starts.
        if (isOurs) choose(other);
        else window.location.reload();
    }, [other, isOurs, choose]);
    return (
        <>
            <Top>
                <Brand>Stand-in for Splunk Web</Brand>
                <Spacer />
                <a href={`${page.root}/alerts/${page.app}`}>Triggered alerts</a>
                <button type="button" onClick={switchTheme}>
                    {other === 'dark' ? 'Dark theme' : 'Light theme'}
                </button>
                <span>{page.user}</span>
                <a href={`${page.root}/account/logout`}>Sign out</a>
            </Top>
            <Bar $color={page.color} aria-label={page.appLabel}>
                {page.nav.map((item) => (
                    <Item key={item.label} item={item} />
                ))}
                <AppName>{page.appLabel}</AppName>
            </Bar>
            {children === undefined ? null : <Main>{children}</Main>}
        </>
    );
}
