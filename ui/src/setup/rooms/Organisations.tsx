// The organisations of this host and how each is doing; those that other hosts collect are shown beside them.
import { ReactElement, useRef, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import SimpleTable from '@splunk/react-ui/SimpleTable';
import type { Facts } from '../App';
import * as splunkd from '../api/splunkd';
import { explain } from '../explain';
import * as flows from '../flows/organisations';
import { tested } from '../flows/trial';
import { isClusterMember, Role, searches } from '../logic/host';
import { shownSettings, TRIAL } from '../logic/organisation';
import { RUNS } from '../logic/spl';
import { runs, status } from '../logic/status';
import { useEvery, useLoaded, useNow } from '../parts/hooks';
import { Actions, Dot, Line, Quiet, Scroll, Small, Spread, Stack, Text, Title } from '../parts/layout';
import { Note, Notes } from '../parts/Notes';
import { Heads, SwitchCell } from '../parts/table';
import { texts } from '../texts';
import { IndexNotes } from './IndexNotes';
import { OrganisationDialog } from './OrganisationDialog';
import { RemoveDialog } from './RemoveDialog';
import { TokenDialog } from './TokenDialog';
import type { Removals } from './useRemovals';

const words = texts.organisation;
/** How often the status is looked up again. */
const USUAL_SECONDS = 120;
const AWAITED_SECONDS = 10;

type Open =
    | { kind: 'add' }
    | { kind: 'edit' | 'token' | 'remove'; organisation: splunkd.Organisation };

interface Props {
    facts: Facts;
    role: Role;
    removals: Removals;
    onChanged: () => Promise<void>;
    onSlackApp: () => void;
}

export function Organisations({ facts, role, removals, onChanged, onSlackApp }: Props): ReactElement {
    const [open, setOpen] = useState<Open | null>(null);
    const [note, setNote] = useState<Note | null>(null);
    const [busy, setBusy] = useState('');
    const found = useLoaded(async () => runs(await splunkd.search(RUNS, '-24h@h', 'now')));
    const bar = useLoaded(splunkd.messages);
    const now = useNow(15);
    const opener = useRef<HTMLElement | null>(null);
    const addButton = useRef<HTMLButtonElement | null>(null);

    const listed = facts.organisations.filter((one) => one.name !== TRIAL);
    const here = new Set(listed.map((one) => one.name));
    const others = (found.value ?? []).filter((run) => !here.has(run.input) && run.input !== TRIAL);

    // The first run of a new organisation is worth waiting for.
    const isAwaited = listed.some((one) => !one.disabled && !(found.value ?? []).some((run) => run.input === one.name));
    useEvery(isAwaited ? AWAITED_SECONDS : USUAL_SECONDS, found.look);

    const show = (wanted: Open): void => {
        opener.current = document.activeElement as HTMLElement;
        setOpen(wanted);
    };
    /** Back to where the dialog was opened; to "Add" when that is gone. */
    const back = (): void => {
        const target = opener.current?.isConnected ? opener.current : addButton.current;
        target?.focus();
    };
    const close = (): void => {
        setOpen(null);
        setTimeout(back);
    };
    const refresh = async (): Promise<void> => {
        await Promise.all([onChanged(), found.reload(), bar.reload()]);
    };
    const done = (text: string, warnings: string[]): void => {
        close();
        setNote(
            warnings.length
                ? { type: 'warning', text: `${text} ${words.warnings}`, items: warnings }
                : { type: 'success', text },
        );
        void refresh();
    };
    const failed = (problem: unknown, say: (text: string) => string): void => {
        setNote({ type: 'error', text: say(explain(problem).text) });
    };

    const test = async (organisation: splunkd.Organisation): Promise<void> => {
        const { name } = organisation;
        setBusy(name);
        setNote({ type: 'info', text: words.testing(name) });
        try {
            const result = tested(await flows.test(name, settingsOf(organisation)));
            setNote({ ...result, text: words.tested(name, result.text) });
            void bar.reload();
        } catch (problem) {
            failed(problem, (text) => words.testBad(name, text));
        }
        setBusy('');
    };
    const flip = async (organisation: splunkd.Organisation): Promise<void> => {
        setBusy(organisation.name);
        try {
            await flows.turn(organisation.name, organisation.disabled);
            setNote({ type: 'success', text: words.switched(organisation.name, organisation.disabled) });
            await onChanged();
        } catch (problem) {
            failed(problem, (text) => words.testBad(organisation.name, text));
        }
        setBusy('');
    };

    return (
        <>
            <Spread>
                <Title level={2} style={{ margin: 0 }}>
                    {words.heading}
                </Title>
                <Line>
                    <Button inline onClick={() => void refresh()} label={texts.reload} />
                    <Button
                        inline
                        appearance="primary"
                        elementRef={addButton as never}
                        onClick={() => show({ kind: 'add' })}
                        label={words.add}
                    />
                </Line>
            </Spread>
            <Text>{words.intro}</Text>
            <Stack>
                <Notes note={note} onClose={() => setNote(null)} />
                {isClusterMember(facts.server.roles) && <Text>{words.clusterNote}</Text>}
                {found.problem && <Notes note={{ type: 'warning', text: words.noStatus(found.problem) }} />}
            </Stack>
            {listed.length === 0 ? (
                <Text data-test-empty="yes">
                    {words.empty} <Quiet>{words.emptyHint}</Quiet>{' '}
                    <Button inline onClick={onSlackApp} label={texts.tabs.slack} />
                </Text>
            ) : (
                <Scroll>
                    <SimpleTable aria-label={words.heading}>
                        <Heads names={Object.values(words.columns)} />
                        <SimpleTable.Body>
                            {listed.map((one) => {
                                const its = found.value?.filter((run) => run.input === one.name) ?? null;
                                const state = status(
                                    one.disabled,
                                    one.settings.interval ?? '',
                                    found.problem ? [] : its,
                                    now,
                                );
                                const start = `Slack Audit Monitor, input ${one.name}: `;
                                const said = (bar.value ?? [])
                                    .filter((message) => message.text.startsWith(start))
                                    .map((message) => message.text.slice(start.length))
                                    .filter((text) => text !== state.detail);
                                const leaving = removals.pending[one.name];
                                return (
                                    <SimpleTable.Row key={one.name} data-test-organisation={one.name}>
                                        <SimpleTable.Cell style={{ minWidth: 120 }}>
                                            <strong>{one.name}</strong>
                                        </SimpleTable.Cell>
                                        <SimpleTable.Cell>
                                            <Dot $mood={state.mood} aria-hidden="true" />
                                            {state.word}
                                            {state.detail && <Small>{state.detail}</Small>}
                                            {said.map((text) => (
                                                <Small key={text}>{text}</Small>
                                            ))}
                                        </SimpleTable.Cell>
                                        <SimpleTable.Cell>{state.lastRun}</SimpleTable.Cell>
                                        <SimpleTable.Cell>{state.lag}</SimpleTable.Cell>
                                        <SimpleTable.Cell>{state.entriesToday}</SimpleTable.Cell>
                                        <SwitchCell
                                            label={words.switchLabel(one.name)}
                                            on={!one.disabled}
                                            disabled={busy === one.name || leaving !== undefined}
                                            onFlip={() => void flip(one)}
                                        />
                                        <SimpleTable.Cell>
                                            {leaving === undefined ? (
                                                <Actions>
                                                    {(['edit', 'test', 'token', 'remove'] as const).map((action) => (
                                                        <Button
                                                            key={action}
                                                            inline
                                                            appearance="subtle"
                                                            disabled={busy === one.name}
                                                            aria-label={words.actionOn(words[action], one.name)}
                                                            label={words[action]}
                                                            onClick={() =>
                                                                action === 'test'
                                                                    ? void test(one)
                                                                    : show({ kind: action, organisation: one })
                                                            }
                                                        />
                                                    ))}
                                                </Actions>
                                            ) : (
                                                <Line>
                                                    <span>{words.removing(leaving)}</span>
                                                    <Button
                                                        inline
                                                        onClick={() => void removals.undo(one.name)}
                                                        aria-label={words.actionOn(texts.undo, one.name)}
                                                        label={texts.undo}
                                                    />
                                                </Line>
                                            )}
                                        </SimpleTable.Cell>
                                    </SimpleTable.Row>
                                );
                            })}
                        </SimpleTable.Body>
                    </SimpleTable>
                </Scroll>
            )}
            {searches(role) && <IndexNotes organisations={listed} onNote={setNote} />}
            {others.length > 0 && (
                <>
                    <Title level={3}>{words.elsewhere}</Title>
                    <Text>{words.elsewhereIntro}</Text>
                    <Scroll>
                        <SimpleTable aria-label={words.elsewhere}>
                            <Heads
                                names={[
                                    words.columns.name,
                                    words.elsewhereHost,
                                    words.columns.status,
                                    words.columns.lastRun,
                                    words.columns.lag,
                                    words.columns.entries,
                                ]}
                            />
                            <SimpleTable.Body>
                                {others.map((run) => {
                                    const state = status(false, '', [run], now);
                                    return (
                                        <SimpleTable.Row key={`${run.input}|${run.host}`}>
                                            <SimpleTable.Cell>{run.input}</SimpleTable.Cell>
                                            <SimpleTable.Cell>{run.host}</SimpleTable.Cell>
                                            <SimpleTable.Cell>
                                                <Dot $mood={state.mood} aria-hidden="true" />
                                                {state.word}
                                                {state.detail && <Small>{state.detail}</Small>}
                                            </SimpleTable.Cell>
                                            <SimpleTable.Cell>{state.lastRun}</SimpleTable.Cell>
                                            <SimpleTable.Cell>{state.lag}</SimpleTable.Cell>
                                            <SimpleTable.Cell>{state.entriesToday}</SimpleTable.Cell>
                                        </SimpleTable.Row>
                                    );
                                })}
                            </SimpleTable.Body>
                        </SimpleTable>
                    </Scroll>
                </>
            )}
            {(open?.kind === 'add' || open?.kind === 'edit') && (
                <OrganisationDialog
                    organisation={open.kind === 'edit' ? open.organisation : null}
                    taken={listed.map((one) => one.name)}
                    returnFocus={back}
                    onClose={close}
                    onSaved={done}
                />
            )}
            {open?.kind === 'token' && (
                <TokenDialog
                    organisation={open.organisation}
                    settings={settingsOf(open.organisation)}
                    returnFocus={back}
                    onClose={close}
                    onSaved={done}
                />
            )}
            {open?.kind === 'remove' && (
                <RemoveDialog
                    name={open.organisation.name}
                    returnFocus={back}
                    onClose={close}
                    onConfirm={() => {
                        close();
                        void removals.begin(open.organisation);
                    }}
                />
            )}
        </>
    );
}

function settingsOf(organisation: splunkd.Organisation): Record<string, string> {
    return shownSettings(organisation.settings);
}
