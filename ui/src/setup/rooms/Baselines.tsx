// The baselines: kept current by searches, filled once from what is in the index already.
import { ReactElement, useRef, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import Progress from '@splunk/react-ui/Progress';
import SimpleTable from '@splunk/react-ui/SimpleTable';
import type { Facts } from '../App';
import * as splunkd from '../api/splunkd';
import { explain } from '../explain';
import { cron } from '../logic/words';
import { Line, Quiet, Scroll, Small, Stack, Text, Title } from '../parts/layout';
import { Note, Notes } from '../parts/Notes';
import { Heads, SearchCell, SwitchCell } from '../parts/table';
import { texts } from '../texts';
import { flip, switchAll } from './switchSearches';

const words = texts.baselines;
const GEN = ' - Lookup Gen';
const BACKFILL = ' - Lookup Backfill';

interface Props {
    facts: Facts;
    onChange: (by: (facts: Facts) => Facts) => void;
    onChanged: () => Promise<void>;
}

type State =
    | { kind: 'waiting' | 'stopped' }
    | { kind: 'running'; percent: number }
    | { kind: 'done'; rows: number }
    | { kind: 'failed'; problem: string };

/** One filling of a baseline, from its request on; one that comes after it is another. */
interface Fill {
    sid: string;
    isStopped: boolean;
}

export function Baselines({ facts, onChange, onChanged }: Props): ReactElement {
    const [note, setNote] = useState<Note | null>(null);
    const [states, setStates] = useState<Record<string, State>>({});
    const fills = useRef(new Map<string, Fill>());

    const kept = facts.searches.filter((one) => one.name.endsWith(GEN));
    const names = new Set(facts.searches.map((one) => one.name));
    const upkeep = facts.searches.filter(
        (one) => one.cron && !one.name.endsWith(GEN) && !one.name.endsWith(BACKFILL) && !one.name.endsWith(' - Rule'),
    );
    const backfillOf = (name: string): string => name.slice(0, -GEN.length) + BACKFILL;
    const isBusy = Object.values(states).some((state) => state.kind === 'running' || state.kind === 'waiting');
    const set = (name: string, state: State): void => setStates((present) => ({ ...present, [name]: state }));

    const begin = (name: string): Fill => {
        const mine = { sid: '', isStopped: false };
        fills.current.set(name, mine);
        return mine;
    };
    const cancel = (sid: string): void => void splunkd.cancelJob(sid).catch(() => undefined);

    const fill = async (name: string, mine: Fill): Promise<boolean> => {
        const say = (state: State): void => {
            if (!mine.isStopped) set(name, state);
        };
        say({ kind: 'running', percent: 0 });
        try {
            mine.sid = await splunkd.dispatch(backfillOf(name));
            if (mine.isStopped) cancel(mine.sid);
            else {
                const job = await splunkd.finish(mine.sid, (state) =>
                    say({ kind: 'running', percent: Math.round(state.progress * 100) }),
                );
                say({ kind: 'done', rows: job.results });
            }
            return !mine.isStopped;
        } catch (problem) {
            say({ kind: 'failed', problem: explain(problem).text });
            return false;
        }
    };
    const stop = (name: string): void => {
        const its = fills.current.get(name);
        if (!its) return;
        its.isStopped = true;
        set(name, { kind: 'stopped' });
        if (its.sid) cancel(its.sid);
    };
    const fillAll = async (): Promise<void> => {
        setNote(null);
        const all = kept
            .filter((one) => names.has(backfillOf(one.name)))
            .map(({ name }) => ({ name, mine: begin(name) }));
        setStates(Object.fromEntries(all.map(({ name }) => [name, { kind: 'waiting' } as State])));
        const bad = new Set<string>();
        for (const { name, mine } of all) {
            if (mine.isStopped || !(await fill(name, mine))) bad.add(name);
        }
        const wanted = kept.filter((one) => one.disabled && !bad.has(one.name)).map((one) => one.name);
        const { problem } = await switchAll(wanted, true, () => undefined);
        await onChanged();
        if (problem) setNote({ type: 'error', text: explain(problem).text });
        else if (bad.size) setNote({ type: 'warning', text: words.someFailed(bad.size) });
        else setNote({ type: 'success', text: words.allDone });
    };
    const isReady = ['ready', ''].includes(facts.server.kvStore);

    return (
        <>
            <Title level={2}>{words.heading}</Title>
            <Text>{words.intro}</Text>
            <Stack>
                {!isReady && <Notes note={{ type: 'warning', text: words.kvStore }} />}
                <Notes note={note} onClose={() => setNote(null)} />
                <Line>
                    <Button
                        inline
                        appearance="primary"
                        disabled={isBusy}
                        onClick={() => void fillAll()}
                        label={words.runAll}
                    />
                </Line>
            </Stack>
            <Scroll style={{ marginTop: 16 }}>
                <SimpleTable aria-label={words.heading}>
                    <Heads names={Object.values(words.columns)} />
                    <SimpleTable.Body>
                        {kept.map((one) => {
                            const title = one.name.slice('Slack - '.length, -GEN.length);
                            return (
                                <SimpleTable.Row key={one.name} data-test-baseline={title}>
                                    <SwitchCell
                                        label={words.switchLabel(title)}
                                        on={!one.disabled}
                                        onFlip={() => void flip(one, title, onChange, setNote)}
                                    />
                                    <SearchCell title={title} description={one.description} />
                                    <SimpleTable.Cell>{cron(one.cron)}</SimpleTable.Cell>
                                    <SimpleTable.Cell style={{ minWidth: 190 }}>
                                        {names.has(backfillOf(one.name)) ? (
                                            <Filling
                                                title={title}
                                                state={states[one.name] ?? null}
                                                isBusy={isBusy}
                                                onFill={() => void fill(one.name, begin(one.name))}
                                                onStop={() => stop(one.name)}
                                            />
                                        ) : (
                                            <Quiet>{words.noHistory}</Quiet>
                                        )}
                                    </SimpleTable.Cell>
                                </SimpleTable.Row>
                            );
                        })}
                    </SimpleTable.Body>
                </SimpleTable>
            </Scroll>
            {upkeep.length > 0 && (
                <>
                    <Title level={3}>{words.upkeep}</Title>
                    <Scroll>
                        <SimpleTable aria-label={words.upkeep}>
                            <Heads
                                names={[
                                    texts.alerts.columns.on,
                                    texts.organisation.columns.name,
                                    words.columns.schedule,
                                ]}
                            />
                            <SimpleTable.Body>
                                {upkeep.map((one) => {
                                    const title = one.name.slice('Slack - '.length);
                                    return (
                                        <SimpleTable.Row key={one.name}>
                                            <SwitchCell
                                                label={texts.alerts.switchLabel(title)}
                                                on={!one.disabled}
                                                onFlip={() => void flip(one, title, onChange, setNote)}
                                            />
                                            <SearchCell title={title} description={one.description} />
                                            <SimpleTable.Cell>{cron(one.cron)}</SimpleTable.Cell>
                                        </SimpleTable.Row>
                                    );
                                })}
                            </SimpleTable.Body>
                        </SimpleTable>
                    </Scroll>
                </>
            )}
        </>
    );
}

interface FillingProps {
    title: string;
    state: State | null;
    isBusy: boolean;
    onFill: () => void;
    onStop: () => void;
}

function Filling({ title, state, isBusy, onFill, onStop }: FillingProps): ReactElement {
    if (state?.kind === 'running' || state?.kind === 'waiting') {
        const percent = state.kind === 'running' ? state.percent : 0;
        return (
            <Stack style={{ gap: 6 }}>
                <Progress percentage={percent} aria-label={words.runningLabel(title)} />
                <Line>
                    <Quiet>{state.kind === 'running' ? words.running(percent) : words.waiting}</Quiet>
                    <Button
                        inline
                        appearance="subtle"
                        aria-label={`${words.stop}: ${title}`}
                        label={words.stop}
                        onClick={onStop}
                    />
                </Line>
            </Stack>
        );
    }
    return (
        <>
            <Button
                inline
                disabled={isBusy}
                aria-label={words.runLabel(title)}
                label={words.run}
                onClick={onFill}
            />
            <div role="status">
                {state?.kind === 'done' && <Small>{words.done(state.rows)}</Small>}
                {state?.kind === 'failed' && <Small>{words.failed(state.problem)}</Small>}
                {state?.kind === 'stopped' && <Small>{words.stopped}</Small>}
            </div>
        </>
    );
}
