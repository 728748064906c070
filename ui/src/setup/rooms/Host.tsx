// What this host is for, and what follows from it here and elsewhere.
import { ReactElement, useState } from 'react';
import type { Facts } from '../App';
import { explain } from '../explain';
import { collects, isClusterMember, Role, ROLES, searches } from '../logic/host';
import { TRIAL } from '../logic/organisation';
import { Choice } from '../parts/Choice';
import { Card, Cards, Plain, Quiet, Stack, Text, Title } from '../parts/layout';
import { Note, Notes } from '../parts/Notes';
import { texts } from '../texts';
import { switchAll } from './switchSearches';

const words = texts.host;

interface Props {
    facts: Facts;
    role: Role;
    onRole: (role: Role) => void;
    onChanged: () => Promise<void>;
}

function stepsHere(role: Role): string[] {
    const steps = words.doHere;
    const first = collects(role) ? [steps.token, role === 'both' ? steps.indexSame : steps.index] : [];
    return [
        ...first,
        ...(role === 'collect' ? [steps.internal] : []),
        ...(searches(role) ? [steps.lists, steps.alerts] : []),
    ];
}

function stepsElsewhere(role: Role): string[] {
    const steps = words.doElsewhere;
    if (role === 'both') return [steps.nothing, steps.indexers];
    return role === 'collect' ? [steps.indexers, steps.searchHead] : [steps.forwarder, steps.indexers];
}

export function Host({ facts, role, onRole, onChanged }: Props): ReactElement {
    const [note, setNote] = useState<Note | null>(null);
    const { server } = facts;
    const active = facts.searches.filter(
        (one) => !one.disabled && (one.name.endsWith(' - Rule') || one.name.endsWith(' - Lookup Gen')),
    );
    const collecting = facts.organisations.filter((one) => !one.disabled && one.name !== TRIAL).length;

    const switchOff = async (): Promise<void> => {
        const { done, problem } = await switchAll(
            active.map((one) => one.name),
            false,
            () => undefined,
        );
        setNote(
            problem
                ? { type: 'error', text: texts.alerts.tierBroken(done, active.length, explain(problem).text) }
                : { type: 'success', text: words.switchedOff },
        );
        await onChanged();
    };
    return (
        <>
            <Title level={2}>{words.heading}</Title>
            <Text>{words.intro}</Text>
            <Text>
                {words.found(server.name, server.version, server.roles.join(', '))} {words.kv(server.kvStore)}
                {isClusterMember(server.roles) && ` ${words.cluster} ${words.clusterCollect}`}
            </Text>
            <Choice
                label={words.question}
                name="role"
                value={role}
                options={ROLES.map((one) => [one, words.roles[one]] as const)}
                help={words.hidden}
                onChange={onRole}
            />
            <Stack>
                <Notes note={note} onClose={() => setNote(null)} />
                {!searches(role) && active.length > 0 && (
                    <Notes
                        note={{
                            type: 'warning',
                            text: words.alertsOnHere(active.length),
                            action: { label: words.switchOff, run: () => void switchOff() },
                        }}
                    />
                )}
                {!collects(role) && collecting > 0 && (
                    <Notes note={{ type: 'warning', text: words.collectsHere(collecting) }} />
                )}
            </Stack>
            <Cards style={{ marginTop: 16 }}>
                {(
                    [
                        [words.here, stepsHere(role)],
                        [words.elsewhere, stepsElsewhere(role)],
                    ] as const
                ).map(([title, steps]) => (
                    <Card key={title}>
                        <Title level={3} style={{ margin: 0 }}>
                            {title}
                        </Title>
                        <Plain>
                            {steps.map((step) => (
                                <li key={step}>{step}</li>
                            ))}
                        </Plain>
                    </Card>
                ))}
            </Cards>
            <Quiet>{words.keptHere}</Quiet>
        </>
    );
}
