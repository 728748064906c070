import { useEffect, useState } from 'react';

import Message from '@splunk/react-ui/Message';
import Table from '@splunk/react-ui/Table';
import WaitSpinner from '@splunk/react-ui/WaitSpinner';

import { mount } from '../shell/mount';
import type { Page } from '../shell/page';
import { Foreign, Link, Severity, Title } from '../shell/parts';
import { rest, type Feed } from '../shell/rest';
import { Body, Shell } from '../shell/Shell';

interface Saved {
    description?: string;
    search?: string;
    cron_schedule?: string;
    disabled: boolean | string;
    'alert.track'?: boolean | string;
    'alert.severity'?: number | string;
    'dispatch.earliest_time'?: string;
    'dispatch.latest_time'?: string;
}

const isSet = (value: unknown) => value === true || value === 1 || value === '1' || value === 'true';

function Dashboards({ page }: { page: Page }) {
    return (
        <Table stripeRows>
            <Table.Head>
                <Table.HeadCell>Title</Table.HeadCell>
                <Table.HeadCell>Description</Table.HeadCell>
            </Table.Head>
            <Table.Body>
                {(page.views ?? []).map((view) => (
                    <Table.Row key={view.name}>
                        <Table.Cell>
                            <Link to={`${page.root}/app/${page.app}/${view.name}`}>{view.label}</Link>
                        </Table.Cell>
                        <Table.Cell>{view.description}</Table.Cell>
                    </Table.Row>
                ))}
            </Table.Body>
        </Table>
    );
}

function Searches({ page, alerts }: { page: Page; alerts: boolean }) {
    const [found, setFound] = useState<{ name: string; content: Saved }[]>();
    const [problem, setProblem] = useState('');
    useEffect(() => {
        rest<Feed<Saved>>('saved/searches', page.app, { query: { count: 0 } })
            .then((feed) => setFound(feed.entry.filter((entry) => isSet(entry.content['alert.track']) === alerts)))
            .catch((error: Error) => setProblem(error.message));
    }, [page.app, alerts]);
    if (problem) {
        return (
            <Message appearance="fill" type="error">
                {problem}
            </Message>
        );
    }
    if (!found) return <WaitSpinner size="medium" />;
    return (
        <Table stripeRows>
            <Table.Head>
                <Table.HeadCell>Name</Table.HeadCell>
                {alerts ? <Table.HeadCell>Severity</Table.HeadCell> : null}
                <Table.HeadCell>Status</Table.HeadCell>
                <Table.HeadCell>Schedule</Table.HeadCell>
                <Table.HeadCell>Description</Table.HeadCell>
            </Table.Head>
            <Table.Body>
                {found.map(({ name, content }) => {
                    const query = new URLSearchParams({ q: content.search ?? '' });
                    query.set('earliest', content['dispatch.earliest_time'] ?? '-24h@h');
                    query.set('latest', content['dispatch.latest_time'] ?? 'now');
                    return (
                        <Table.Row key={name}>
                            <Table.Cell>
                                <Link to={`${page.root}/app/${page.app}/search?${query}`}>
                                    <Foreign>{name}</Foreign>
                                </Link>
                            </Table.Cell>
                            {alerts ? (
                                <Table.Cell>
                                    <Severity number={Number(content['alert.severity'] ?? 3)} />
                                </Table.Cell>
                            ) : null}
                            <Table.Cell>{isSet(content.disabled) ? 'Disabled' : 'Enabled'}</Table.Cell>
                            <Table.Cell style={{ whiteSpace: 'nowrap' }}>{content.cron_schedule ?? ''}</Table.Cell>
                            <Table.Cell>
                                <Foreign>{content.description ?? ''}</Foreign>
                            </Table.Cell>
                        </Table.Row>
                    );
                })}
            </Table.Body>
        </Table>
    );
}

function List({ page }: { page: Page }) {
    return (
        <Shell page={page}>
            <Body>
                <Title>{page.title}</Title>
                {page.list === 'dashboards' ? (
                    <Dashboards page={page} />
                ) : (
                    <Searches page={page} alerts={page.list === 'alerts'} />
                )}
            </Body>
        </Shell>
    );
}

mount((page) => <List page={page} />);
