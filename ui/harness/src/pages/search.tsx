import { useCallback, useEffect, useRef, useState } from 'react';
import styled from 'styled-components';

import TimeRangeDropdown from '@splunk/react-time-range/Dropdown';
import SplunkwebConnector from '@splunk/react-time-range/SplunkwebConnector';
import Button from '@splunk/react-ui/Button';
import Message from '@splunk/react-ui/Message';
import Table from '@splunk/react-ui/Table';
import TextArea from '@splunk/react-ui/TextArea';
import WaitSpinner from '@splunk/react-ui/WaitSpinner';

import { dispatch, MOST_ROWS, resultsOf, stateOf, untilDone, type Cell, type JobState, type Results, type Row } from '../results';
import { mount } from '../shell/mount';
import type { Page } from '../shell/page';
import { Foreign, moment, Raw, Title } from '../shell/parts';
import { Body, Shell } from '../shell/Shell';

const Form = styled.form`
    display: flex;
    gap: 8px;
    align-items: flex-start;
    margin-bottom: 16px;
`;
const Scroll = styled.div`
    overflow-x: auto;
`;

interface Asked {
    text: string;
    earliest: string;
    latest: string;
    sid: string;
}

function askedOfAddress(): Asked {
    const query = new URLSearchParams(window.location.search);
    return {
        text: query.get('q') ?? '',
        earliest: query.get('earliest') ?? '-24h@h',
        latest: query.get('latest') ?? 'now',
        sid: query.get('sid') ?? '',
    };
}

function pretty(raw: string): string {
    try {
        const parsed: unknown = JSON.parse(raw);
        if (parsed === null || typeof parsed !== 'object') return raw;
        // Numbers beyond what a double holds must stay as they were written: such an event is shown as it is.
        return JSON.stringify(parsed) === raw || !/\d{16,}/.test(raw) ? JSON.stringify(parsed, null, 2) : raw;
    } catch {
        return raw;
    }
}

function Events({ rows }: { rows: Row[] }) {
    return (
        <Table stripeRows>
            <Table.Head>
                <Table.HeadCell width={190}>Time (UTC)</Table.HeadCell>
                <Table.HeadCell>Event</Table.HeadCell>
            </Table.Head>
            <Table.Body>
                {rows.map((row, number) => (
                    <Table.Row key={number}>
                        <Table.Cell style={{ whiteSpace: 'nowrap', verticalAlign: 'top' }}>{moment(String(row._time ?? ''))}</Table.Cell>
                        <Table.Cell>
                            <div style={{ minWidth: 0 }}>
                                <Raw tabIndex={0} role="group" aria-label={`Event ${number + 1}`}>
                                    {pretty(String(row._raw ?? ''))}
                                </Raw>
                                <small>
                                    <Foreign>
                                        {['host', 'source', 'sourcetype', 'index']
                                            .filter((name) => row[name])
                                            .map((name) => `${name} = ${String(row[name])}`)
                                            .join('   ')}
                                    </Foreign>
                                </small>
                            </div>
                        </Table.Cell>
                    </Table.Row>
                ))}
            </Table.Body>
        </Table>
    );
}

function shown(name: string, cell: Cell | undefined): string {
    const text = Array.isArray(cell) ? cell.join('\n') : (cell ?? '');
    return name === '_time' ? moment(text) : text;
}

function Rows({ found }: { found: Results }) {
    const names = found.fields.map((field) => field.name).filter((name) => !name.startsWith('_') || name === '_time');
    return (
        <Scroll tabIndex={0} role="group" aria-label="Results">
            <Table stripeRows>
                <Table.Head>
                    {names.map((name) => (
                        <Table.HeadCell key={name}>{name}</Table.HeadCell>
                    ))}
                </Table.Head>
                <Table.Body>
                    {found.results.map((row, number) => (
                        <Table.Row key={number}>
                            {names.map((name) => (
                                <Table.Cell key={name} style={{ verticalAlign: 'top' }}>
                                    <Foreign>{shown(name, row[name])}</Foreign>
                                </Table.Cell>
                            ))}
                        </Table.Row>
                    ))}
                </Table.Body>
            </Table>
        </Scroll>
    );
}

function Search({ page }: { page: Page }) {
    const [asked, setAsked] = useState(askedOfAddress);
    const [state, setState] = useState<JobState>();
    const [found, setFound] = useState<Results>();
    const [problem, setProblem] = useState('');
    const [busy, setBusy] = useState(false);
    const turn = useRef(0);

    const show = useCallback(
        async (wanted: Asked) => {
            turn.current += 1;
            const mine = turn.current;
            setBusy(true);
            setProblem('');
            setState(undefined);
            setFound(undefined);
            document.documentElement.dataset.searches = '1';
            try {
                const sid = wanted.sid || (await dispatch(page.app, wanted.text, wanted.earliest, wanted.latest));
                const over = wanted.sid ? await stateOf(page.app, sid) : undefined;
                const done = over?.isDone ? over : await untilDone(page.app, sid, () => turn.current !== mine);
                if (turn.current !== mine) return;
                setState(done);
                if (wanted.sid) setAsked((before) => ({ ...before, text: done.search }));
                if (!done.isFailed) setFound(await resultsOf(page.app, sid));
            } catch (error) {
                const said = error instanceof Error ? error.message : String(error);
                setProblem(
                    said === 'Unknown sid.' ? 'The results of this search are not kept any more. Run it again.' : said,
                );
            } finally {
                if (turn.current === mine) {
                    setBusy(false);
                    document.documentElement.dataset.searches = '0';
                }
            }
        },
        [page.app],
    );

    useEffect(() => {
        if (asked.sid || asked.text) void show(asked);
        // Only what the address said at first; later searches are started by the button.
        // eslint-disable-next-line react-hooks/exhaustive-deps
    }, []);

    const submit = () => {
        const wanted = { ...asked, sid: '' };
        const query = new URLSearchParams({ q: wanted.text, earliest: wanted.earliest, latest: wanted.latest });
        window.history.pushState(null, '', `${window.location.pathname}?${query}`);
        setAsked(wanted);
        void show(wanted);
    };

    const messages = Object.entries(state?.messages ?? {}).flatMap(([level, texts]) =>
        texts.map((text) => ({ level, text })),
    );
    const isEvents = found?.results.length ? found.results.every((row) => row._raw !== undefined) : false;
    return (
        <Shell page={page}>
            <Body>
                <Title id="search-title" more={asked.sid && state?.label ? `Results of “${state.label}”` : undefined}>Search</Title>
                <Form
                    onSubmit={(event) => {
                        event.preventDefault();
                        submit();
                    }}
                >
                    <div style={{ flex: 1 }}>
                        <TextArea
                            value={asked.text}
                            onChange={(_, { value }) => setAsked((before) => ({ ...before, text: value }))}
                            rowsMin={2}
                            rowsMax={16}
                            labelledBy="search-title"
                            spellCheck={false}
                            onKeyDown={(event) => {
                                if (event.key === 'Enter' && !event.shiftKey) {
                                    event.preventDefault();
                                    submit();
                                }
                            }}
                        />
                    </div>
                    <SplunkwebConnector>
                        <TimeRangeDropdown
                            earliest={asked.earliest}
                            latest={asked.latest}
                            onChange={(_: unknown, range: { earliest: string; latest: string }) =>
                                setAsked((before) => ({ ...before, earliest: range.earliest, latest: range.latest }))
                            }
                        />
                    </SplunkwebConnector>
                    <Button appearance="primary" type="submit" label="Search" disabled={!asked.text.trim()} />
                </Form>
                {problem ? (
                    <Message appearance="fill" type="error">
                        <Foreign>{problem}</Foreign>
                    </Message>
                ) : null}
                {messages.map(({ level, text }) => (
                    <Message key={text} appearance="fill" type={level === 'warn' ? 'warning' : level === 'info' ? 'info' : 'error'}>
                        <Foreign>{text}</Foreign>
                    </Message>
                ))}
                {busy ? <WaitSpinner size="medium" /> : null}
                {found && state ? (
                    <>
                        <p role="status">
                            {state.resultCount === 0
                                ? 'No results found.'
                                : `${state.resultCount.toLocaleString('en')} ${isEvents ? 'events' : 'results'}` +
                                  (state.resultCount > MOST_ROWS ? `, the first ${MOST_ROWS} shown` : '') +
                                  `, in ${Number(state.runDuration).toFixed(2)} s`}
                        </p>
                        {found.results.length === 0 ? null : isEvents ? <Events rows={found.results} /> : <Rows found={found} />}
                    </>
                ) : null}
            </Body>
        </Shell>
    );
}

mount((page) => <Search page={page} />);
