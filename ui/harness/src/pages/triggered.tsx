import { useEffect, useMemo, useState } from 'react';

import Message from '@splunk/react-ui/Message';
import Table from '@splunk/react-ui/Table';
import Text from '@splunk/react-ui/Text';
import WaitSpinner from '@splunk/react-ui/WaitSpinner';

import { first, rowsOf } from '../results';
import { mount } from '../shell/mount';
import type { Page } from '../shell/page';
import { Foreign, Link, moment, Severity, Title } from '../shell/parts';
import { rest, type Feed } from '../shell/rest';
import { Body, Shell } from '../shell/Shell';

interface Fired {
    savedsearch_name: string;
    severity: number;
    sid: string;
    trigger_time: number;
    trigger_time_rendered: string;
    triggered_alerts: number;
    expiration_time_rendered: string;
}

interface Finding {
    id: string;
    summary: string;
}

const SHOWN = 100;

/** The findings that the app's alert action wrote for these runs: search job -> findings. */
async function findingsOf(app: string, fired: Fired[]): Promise<Map<string, Finding[]>> {
    const bySid = new Map<string, Finding[]>();
    if (fired.length === 0) return bySid;
    const earliest = Math.min(...fired.map((alert) => alert.trigger_time)) - 40 * 86400;
    const rows = await rowsOf(app, 'search `slack_audit_findings` | fields sid finding_id summary', String(earliest), 'now');
    for (const row of rows) {
        const sid = first(row.sid);
        bySid.set(sid, [...(bySid.get(sid) ?? []), { id: first(row.finding_id), summary: first(row.summary) }]);
    }
    return bySid;
}

function Triggered({ page }: { page: Page }) {
    const [alerts, setAlerts] = useState<Fired[]>();
    const [findings, setFindings] = useState(new Map<string, Finding[]>());
    const [problem, setProblem] = useState('');
    const [filter, setFilter] = useState('');
    useEffect(() => {
        const load = async () => {
            const feed = await rest<Feed<Fired>>('alerts/fired_alerts/-', page.app, { query: { count: 0 } });
            const found = feed.entry.map((entry) => entry.content);
            setFindings(await findingsOf(page.app, found));
            setAlerts(found);
        };
        load().catch((error: Error) => setProblem(error.message));
    }, [page.app]);
    const shown = useMemo(
        () => alerts?.filter((alert) => alert.savedsearch_name.toLowerCase().includes(filter.toLowerCase())),
        [alerts, filter],
    );
    return (
        <Shell page={page}>
            <Body>
                <Title more="What fired and is still listed. A finding opens with its evidence; results are the rows of the search.">
                    Triggered alerts
                </Title>
                {problem ? (
                    <Message appearance="fill" type="error">
                        {problem}
                    </Message>
                ) : null}
                {!shown && !problem ? <WaitSpinner size="medium" /> : null}
                {shown ? (
                    <>
                        <Text
                            inline
                            placeholder="Filter by alert"
                            value={filter}
                            onChange={(_, { value }) => setFilter(value)}
                            aria-label="Filter by alert"
                            canClear
                        />
                        <p role="status">
                            {shown.length === 0
                                ? 'No alert has fired that is still listed.'
                                : `${shown.length} triggered${shown.length > SHOWN ? `, the newest ${SHOWN} shown` : ''}`}
                        </p>
                        <Table stripeRows>
                            <Table.Head>
                                <Table.HeadCell width={160}>Time (UTC)</Table.HeadCell>
                                <Table.HeadCell width={300}>Alert</Table.HeadCell>
                                <Table.HeadCell width={100}>Severity</Table.HeadCell>
                                <Table.HeadCell>Finding</Table.HeadCell>
                                <Table.HeadCell width={120}>Results</Table.HeadCell>
                            </Table.Head>
                            <Table.Body>
                                {shown.slice(0, SHOWN).map((alert, number) => (
                                    <Table.Row key={`${alert.sid} ${number}`}>
                                        <Table.Cell style={{ whiteSpace: 'nowrap' }}>{moment(alert.trigger_time_rendered)}</Table.Cell>
                                        <Table.Cell>
                                            <Foreign>{alert.savedsearch_name}</Foreign>
                                        </Table.Cell>
                                        <Table.Cell>
                                            <Severity number={Number(alert.severity)} />
                                        </Table.Cell>
                                        <Table.Cell>
                                            {(findings.get(alert.sid) ?? []).map((finding) => (
                                                <div key={finding.id} style={{ marginBottom: 4 }}>
                                                    <Link
                                                        to={`${page.root}/app/${page.app}/findings?form.finding=${encodeURIComponent(finding.id)}`}
                                                    >
                                                        <Foreign>
                                                            {finding.summary.length > 300
                                                                ? `${finding.summary.slice(0, 300)} …`
                                                                : finding.summary}
                                                        </Foreign>
                                                    </Link>
                                                </div>
                                            ))}
                                        </Table.Cell>
                                        <Table.Cell style={{ whiteSpace: 'nowrap' }}>
                                            <Link
                                                to={`${page.root}/app/${page.app}/search?sid=${encodeURIComponent(alert.sid)}`}
                                                aria-label={`View results of ${alert.savedsearch_name}, ${moment(alert.trigger_time_rendered)}`}
                                            >
                                                View results
                                            </Link>
                                        </Table.Cell>
                                    </Table.Row>
                                ))}
                            </Table.Body>
                        </Table>
                    </>
                ) : null}
            </Body>
        </Shell>
    );
}

mount((page) => <Triggered page={page} />);
