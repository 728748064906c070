// The page: heading, first-run hint, and one room for each part of the setup.
import { ReactElement, useCallback, useEffect, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import Heading from '@splunk/react-ui/Heading';
import Message from '@splunk/react-ui/Message';
import TabLayout from '@splunk/react-ui/TabLayout';
import WaitSpinner from '@splunk/react-ui/WaitSpinner';
import * as splunkd from './api/splunkd';
import { explain } from './explain';
import { isLeft, isPending, tidy } from './flows/trial';
import { collects, keepRole, keptRole, likelyRole, Role, searches } from './logic/host';
import { TRIAL } from './logic/organisation';
import { maySetUp, missing } from './logic/rights';
import { useLoaded } from './parts/hooks';
import { Frame, Line, Page, Room } from './parts/layout';
import { Note, Notes } from './parts/Notes';
import { Alerts } from './rooms/Alerts';
import { Baselines } from './rooms/Baselines';
import { Host } from './rooms/Host';
import { Organisations } from './rooms/Organisations';
import { SiteLists } from './rooms/SiteLists';
import { SlackApp } from './rooms/SlackApp';
import { useRemovals } from './rooms/useRemovals';
import { texts } from './texts';

type RoomName = keyof Omit<typeof texts.tabs, 'label'>;
const ROOMS: RoomName[] = ['organisations', 'alerts', 'baselines', 'lists', 'slack', 'host'];

export interface Facts {
    server: splunkd.Server;
    configured: boolean;
    organisations: splunkd.Organisation[];
    searches: splunkd.SavedSearch[];
}

async function facts(): Promise<Facts> {
    const [server, configured, organisations, saved] = await Promise.all([
        splunkd.server(),
        splunkd.isConfigured(),
        splunkd.organisations(),
        splunkd.savedSearches(),
    ]);
    return { server, configured, organisations, searches: saved };
}

const ofAddress = (): RoomName | null => {
    const wanted = location.hash.slice(1) as RoomName;
    return ROOMS.includes(wanted) ? wanted : null;
};

/** The page for whoever may set up, and a sentence for everybody else. */
export function App(): ReactElement {
    const who = useLoaded(splunkd.me);
    if (who.value === null && !who.problem) return <Asking />;
    // Who cannot be asked about rights is let in: Splunk itself refuses what may not be.
    if (who.value === null || maySetUp(who.value)) return <Setup lacks={who.value ? missing(who.value) : []} />;
    return (
        <Page>
            <Frame>
                <Title />
                <div role="status">
                    <Message type="info" appearance="fill" data-test-may-not="yes">
                        <strong>{texts.rights.title}.</strong> {texts.rights.text(who.value.name, who.value.roles)}
                    </Message>
                </div>
            </Frame>
        </Page>
    );
}

function Title(): ReactElement {
    return (
        <Heading level={1} style={{ margin: '0 0 16px' }}>
            {texts.title}
        </Heading>
    );
}

function Asking(): ReactElement {
    return (
        <Page>
            <Frame>
                <Title />
                <Loading />
            </Frame>
        </Page>
    );
}

function Loading(): ReactElement {
    return (
        <Line role="status">
            <WaitSpinner size="medium" screenReaderText={null} />
            <span>{texts.loading}</span>
        </Line>
    );
}

function Setup({ lacks }: { lacks: string[] }): ReactElement {
    const { value, problem, reload, change } = useLoaded(facts);
    const [room, setRoom] = useState<RoomName>(ofAddress() ?? 'organisations');
    const [role, setRole] = useState<Role | null>(keptRole());
    const [note, setNote] = useState<Note | null>(null);
    // Here, so that a removal goes on while another room is looked at.
    const removals = useRemovals(setNote, reload);

    const go = useCallback((wanted: RoomName) => {
        setRoom(wanted);
        history.replaceState(null, '', `#${wanted}`);
    }, []);
    useEffect(() => {
        const follow = (): void => {
            const wanted = ofAddress();
            if (wanted) setRoom(wanted);
        };
        window.addEventListener('hashchange', follow);
        return () => window.removeEventListener('hashchange', follow);
    }, []);

    const mayBeLeft = value !== null && (isPending() || value.organisations.some((one) => one.name === TRIAL));
    useEffect(() => {
        if (!mayBeLeft) return;
        const look = async (): Promise<void> => {
            if (!(await isLeft())) return;
            if (await tidy()) setNote({ type: 'info', text: texts.trial.tidied });
            await reload();
        };
        look().catch(() => undefined); // the next visit looks again
    }, [mayBeLeft, reload]);

    const finish = async (): Promise<void> => {
        try {
            await splunkd.markConfigured();
            setNote({ type: 'success', text: texts.first.finished });
            change((known) => ({ ...known, configured: true }));
        } catch (caught) {
            setNote({ type: 'error', text: texts.first.stillOpen(explain(caught).text) });
        }
    };

    const present =
        role ??
        (value === null
            ? 'both'
            : likelyRole({
                  roles: value.server.roles,
                  organisations: value.organisations.length,
                  enabledAlerts: value.searches.filter((one) => one.name.endsWith(' - Rule') && !one.disabled).length,
              }));
    const shown: Record<RoomName, boolean> = {
        organisations: true,
        alerts: searches(present),
        baselines: searches(present),
        lists: searches(present),
        slack: collects(present),
        host: true,
    };
    const active = shown[room] ? room : 'organisations';

    return (
        <Page>
            <Frame>
                <Title />
                {lacks.length > 0 && (
                    <Message type="warning" appearance="fill" style={{ marginBottom: 16 }}>
                        {texts.rights.missing(lacks)}
                    </Message>
                )}
                <Notes note={note} onClose={() => setNote(null)} />
                {problem && (
                    <div role="alert">
                        <Message type="error" appearance="fill">
                            <Line>
                                <span>{problem}</span>
                                <Button inline onClick={() => void reload()} label={texts.reload} />
                            </Line>
                        </Message>
                    </div>
                )}
                {value === null && !problem && <Loading />}
                {value !== null && !value.configured && (
                    <Message type="info" appearance="fill" data-test-first-run="yes" style={{ marginBottom: 16 }}>
                        <strong>{texts.first.title}.</strong> {texts.first.text}{' '}
                        <Button inline onClick={() => void finish()} label={texts.first.finish} />
                    </Message>
                )}
                {value !== null && (
                    <TabLayout
                        activePanelId={active}
                        onChange={(_, data) => go(data.activePanelId as RoomName)}
                        aria-label={texts.tabs.label}
                    >
                        {ROOMS.filter((name) => shown[name]).map((name) => (
                            <TabLayout.Panel key={name} label={texts.tabs[name]} panelId={name} inset={false}>
                                <Room>
                                    {name === 'organisations' && (
                                        <Organisations
                                            facts={value}
                                            role={present}
                                            removals={removals}
                                            onChanged={reload}
                                            onSlackApp={() => go('slack')}
                                        />
                                    )}
                                    {name === 'alerts' && (
                                        <Alerts
                                            facts={value}
                                            onChange={change}
                                            onChanged={reload}
                                            onBaselines={() => go('baselines')}
                                        />
                                    )}
                                    {name === 'baselines' && (
                                        <Baselines facts={value} onChange={change} onChanged={reload} />
                                    )}
                                    {name === 'lists' && <SiteLists />}
                                    {name === 'slack' && <SlackApp onAdd={() => go('organisations')} />}
                                    {name === 'host' && (
                                        <Host
                                            facts={value}
                                            role={present}
                                            onRole={(wanted) => {
                                                keepRole(wanted);
                                                setRole(wanted);
                                            }}
                                            onChanged={reload}
                                        />
                                    )}
                                </Room>
                            </TabLayout.Panel>
                        ))}
                    </TabLayout>
                )}
            </Frame>
        </Page>
    );
}
