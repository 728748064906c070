// The alerts: whole tiers, single ones, and what tunes each.
import { Fragment, ReactElement, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import CollapsiblePanel from '@splunk/react-ui/CollapsiblePanel';
import ControlGroup from '@splunk/react-ui/ControlGroup';
import SimpleTable from '@splunk/react-ui/SimpleTable';
import Text from '@splunk/react-ui/Text';
import type { Facts } from '../App';
import * as splunkd from '../api/splunkd';
import { explain } from '../explain';
import { cron } from '../logic/words';
import { useLoaded } from '../parts/hooks';
import { Card, Cards, Line, Quiet, Scroll, Small, Spread, Stack, Text as Paragraph, Title } from '../parts/layout';
import { MacroFields } from '../parts/MacroFields';
import { Note, Notes } from '../parts/Notes';
import { Heads, SearchCell, SwitchCell } from '../parts/table';
import { alerts as shipped, macroDefaults, ShippedAlert, siteMacros } from '../shipped';
import { texts } from '../texts';
import { flip, switchAll } from './switchSearches';

const words = texts.alerts;
const TIERS = ['page', 'review', 'archive'] as const;
type Tier = (typeof TIERS)[number];

interface Alert extends ShippedAlert {
    title: string;
    search: splunkd.SavedSearch;
    tier: Tier;
}

interface Props {
    facts: Facts;
    onChange: (by: (facts: Facts) => Facts) => void;
    onChanged: () => Promise<void>;
    onBaselines: () => void;
}

const titleOf = (name: string): string => name.replace(/^Slack - /, '').replace(/ - Rule$/, '');

function known(searches: splunkd.SavedSearch[]): Alert[] {
    const byName = new Map(shipped.map((alert) => [alert.name, alert]));
    return searches
        .filter((search) => search.name.endsWith(' - Rule') && byName.has(search.name))
        .map((search) => ({
            ...byName.get(search.name)!,
            title: titleOf(search.name),
            search,
            tier: (TIERS as readonly string[]).includes(search.param('tier')) ? (search.param('tier') as Tier) : 'review',
        }));
}

export function Alerts({ facts, onChange, onChanged, onBaselines }: Props): ReactElement {
    const [note, setNote] = useState<Note | null>(null);
    const [filter, setFilter] = useState('');
    const [open, setOpen] = useState('');
    const [busy, setBusy] = useState(false);
    const macros = useLoaded(splunkd.macros);

    const all = known(facts.searches);
    const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (alert: Alert): boolean => {
        const text = `${alert.title} ${alert.search.description} ${alert.search.param('rows')} ${alert.section}`;
        return wanted.every((word) => text.toLowerCase().includes(word));
    };
    const shown = all.filter(fits);
    const baselinesOff = facts.searches.filter((one) => one.name.endsWith(' - Lookup Gen') && one.disabled).length;

    const flipAlert = async (alert: Alert): Promise<void> => {
        const isDone = await flip(alert.search, alert.title, onChange, setNote);
        const on = alert.search.disabled;
        if (isDone && on && !facts.configured) await splunkd.markConfigured().then(onChanged, () => undefined);
    };
    const flipTier = async (tier: Tier, on: boolean): Promise<void> => {
        const title = words.tiers[tier].title;
        const mine = all.filter((alert) => alert.tier === tier && alert.search.disabled === on);
        setBusy(true);
        const { done, problem } = await switchAll(
            mine.map((alert) => alert.name),
            on,
            (count) => setNote({ type: 'info', text: words.working(count, mine.length) }),
        );
        if (on && !problem) await splunkd.markConfigured().catch(() => undefined);
        await onChanged();
        setNote(
            problem
                ? { type: 'error', text: words.tierBroken(done, mine.length, explain(problem).text) }
                : { type: 'success', text: words.tierDone(title, on) },
        );
        setBusy(false);
    };

    return (
        <>
            <Title level={2}>{words.heading}</Title>
            <Paragraph>{words.intro}</Paragraph>
            <Stack>
                <Notes note={note} onClose={() => setNote(null)} />
                {baselinesOff > 0 && (
                    <Notes
                        note={{
                            type: 'warning',
                            text: words.needBaselines(baselinesOff),
                            action: { label: words.toBaselines, run: onBaselines },
                        }}
                    />
                )}
            </Stack>
            <Cards style={{ marginTop: 16 }}>
                {TIERS.map((tier) => {
                    const mine = all.filter((alert) => alert.tier === tier);
                    const on = mine.filter((alert) => !alert.search.disabled).length;
                    const title = words.tiers[tier].title;
                    const enable = words.enableAll(mine.length);
                    return (
                        <Card key={tier} data-test-tier={tier}>
                            <Title level={3} style={{ margin: 0 }}>
                                {title}
                            </Title>
                            <div>{words.tiers[tier].what}</div>
                            <Quiet>{words.counted(on, mine.length)}</Quiet>
                            <Line style={{ marginTop: 'auto' }}>
                                <Button
                                    inline
                                    disabled={busy || on === mine.length}
                                    aria-label={words.tierSwitch(enable, title)}
                                    label={enable}
                                    onClick={() => void flipTier(tier, true)}
                                />
                                <Button
                                    inline
                                    appearance="subtle"
                                    disabled={busy || on === 0}
                                    aria-label={words.tierSwitch(words.disableAll, title)}
                                    label={words.disableAll}
                                    onClick={() => void flipTier(tier, false)}
                                />
                            </Line>
                        </Card>
                    );
                })}
            </Cards>
            {macros.problem && <Notes note={{ type: 'error', text: macros.problem }} />}
            {macros.value && (
                <>
                    <CollapsiblePanel
                        title={texts.macros.heading}
                        defaultOpen={false}
                        renderChildrenWhenCollapsed={false}
                        style={{ marginBottom: 24 }}
                    >
                        <div style={{ padding: 12 }}>
                            <Paragraph>{texts.macros.intro}</Paragraph>
                            <MacroFields
                                names={siteMacros}
                                macros={macros.value}
                                onNote={setNote}
                                onSaved={(name, definition) => macros.change((now) => changed(now, name, definition))}
                            />
                        </div>
                    </CollapsiblePanel>
                    <ResetAll
                        macros={macros.value}
                        onNote={setNote}
                        onDone={() => void macros.reload()}
                    />
                </>
            )}
            <Spread>
                <ControlGroup label={words.filter} labelPosition="top" help={words.filterHelp} style={{ margin: 0 }}>
                    <Text value={filter} onChange={(_, data) => setFilter(data.value)} canClear />
                </ControlGroup>
            </Spread>
            <div role="status">{shown.length === 0 && <Paragraph>{words.noneFits}</Paragraph>}</div>
            {TIERS.map((tier) => {
                const mine = shown.filter((alert) => alert.tier === tier);
                if (!mine.length) return null;
                return (
                    <Fragment key={tier}>
                        <Title level={3}>{words.tiers[tier].title}</Title>
                        <Scroll>
                            <SimpleTable aria-label={words.tiers[tier].title}>
                                <Heads names={[...Object.values(words.columns), texts.more]} />
                                <SimpleTable.Body>
                                    {mine.map((alert) => (
                                        <Fragment key={alert.name}>
                                            <SimpleTable.Row data-test-alert={alert.name}>
                                                <SwitchCell
                                                    label={words.switchLabel(alert.title)}
                                                    on={!alert.search.disabled}
                                                    disabled={busy}
                                                    onFlip={() => void flipAlert(alert)}
                                                />
                                                <SearchCell title={alert.title} description={alert.search.description} />
                                                <SimpleTable.Cell>
                                                    {alert.search.param('rows').split(',').join(', ')}
                                                </SimpleTable.Cell>
                                                <SimpleTable.Cell>{cron(alert.search.cron)}</SimpleTable.Cell>
                                                <SimpleTable.Cell>
                                                    <Button
                                                        inline
                                                        appearance="subtle"
                                                        aria-expanded={open === alert.name}
                                                        aria-label={
                                                            open === alert.name
                                                                ? words.hide(alert.title)
                                                                : words.details(alert.title)
                                                        }
                                                        label={
                                                            open === alert.name ? words.hideShort : words.detailsShort
                                                        }
                                                        onClick={() =>
                                                            setOpen(open === alert.name ? '' : alert.name)
                                                        }
                                                    />
                                                </SimpleTable.Cell>
                                            </SimpleTable.Row>
                                            {open === alert.name && (
                                                <SimpleTable.Row>
                                                    <SimpleTable.Cell colSpan={5}>
                                                        <Details
                                                            alert={alert}
                                                            macros={macros.value ?? {}}
                                                            onNote={setNote}
                                                            onSaved={(name, definition) =>
                                                                macros.change((now) => changed(now, name, definition))
                                                            }
                                                        />
                                                    </SimpleTable.Cell>
                                                </SimpleTable.Row>
                                            )}
                                        </Fragment>
                                    ))}
                                </SimpleTable.Body>
                            </SimpleTable>
                        </Scroll>
                    </Fragment>
                );
            })}
        </>
    );
}

type Macros = Record<string, splunkd.Macro>;

const changed = (macros: Macros, name: string, definition: string): Macros => ({
    ...macros,
    [name]: { description: macros[name]?.description ?? '', definition },
});

interface DetailsProps {
    alert: Alert;
    macros: Macros;
    onSaved: (name: string, definition: string) => void;
    onNote: (note: Note) => void;
}

function Details({ alert, macros, onSaved, onNote }: DetailsProps): ReactElement {
    const notes: [string, string][] = [
        [words.tuning, alert.search.param('tuning')],
        [words.falsePositives, alert.search.param('false_positives')],
        [words.blindSpots, alert.search.param('blind_spots')],
    ];
    return (
        <div style={{ padding: '8px 0 16px' }}>
            {alert.macros.length ? (
                <MacroFields names={alert.macros} macros={macros} onSaved={onSaved} onNote={onNote} />
            ) : (
                <Paragraph>{words.noThresholds}</Paragraph>
            )}
            {notes
                .filter(([, text]) => text)
                .map(([title, text]) => (
                    <Small key={title}>
                        <strong>{title}:</strong> {text}
                    </Small>
                ))}
        </div>
    );
}

interface ResetProps {
    macros: Macros;
    onNote: (note: Note) => void;
    onDone: () => void;
}

function ResetAll({ macros, onNote, onDone }: ResetProps): ReactElement {
    const [busy, setBusy] = useState(false);
    const names = Object.keys(macroDefaults).filter(
        (name) => macros[name] !== undefined && macros[name].definition !== macroDefaults[name],
    );
    if (!names.length) return <></>;
    const reset = async (): Promise<void> => {
        setBusy(true);
        const before = names.map((name) => [name, macros[name]!.definition] as const);
        const putBack = async (): Promise<void> => {
            try {
                for (const [name, definition] of before) await splunkd.setMacro(name, definition);
                onNote({ type: 'success', text: texts.macros.putBack(before.length) });
            } catch (problem) {
                onNote({ type: 'error', text: explain(problem).text });
            }
            onDone();
        };
        try {
            for (const name of names) await splunkd.setMacro(name, macroDefaults[name] ?? '');
            onNote({
                type: 'success',
                text: texts.macros.allReset(names.length),
                action: { label: texts.undo, run: () => void putBack() },
            });
        } catch (problem) {
            onNote({ type: 'error', text: explain(problem).text });
        }
        setBusy(false);
        onDone();
    };
    return (
        <div style={{ marginBottom: 24 }}>
            <Button
                inline
                disabled={busy}
                onClick={() => void reset()}
                label={texts.macros.resetAll(names.length)}
            />
        </div>
    );
}
