// From nothing to a token: the Slack app, its manifest, the steps.
import { ReactElement, useRef, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import ControlGroup from '@splunk/react-ui/ControlGroup';
import Link from '@splunk/react-ui/Link';
import TextArea from '@splunk/react-ui/TextArea';
import { manifestText, Rotation } from '../logic/manifest';
import { Choice } from '../parts/Choice';
import { Line, Steps, Text, Title } from '../parts/layout';
import { Note, Notes } from '../parts/Notes';
import { texts } from '../texts';

const words = texts.slack;
const ADDRESSES = { slack: 'https://api.slack.com/apps', govslack: 'https://api.slack-gov.com/apps' } as const;
type Where = keyof typeof ADDRESSES;

export function SlackApp({ onAdd }: { onAdd: () => void }): ReactElement {
    const [where, setWhere] = useState<Where>('slack');
    const [rotation, setRotation] = useState<Rotation>('fixed');
    const [note, setNote] = useState<Note | null>(null);
    const area = useRef<HTMLTextAreaElement | null>(null);
    const manifest = manifestText(rotation);

    const copy = async (): Promise<void> => {
        try {
            await navigator.clipboard.writeText(manifest);
            setNote({ type: 'success', text: words.copied });
        } catch {
            area.current?.focus();
            area.current?.select();
            setNote({ type: 'info', text: words.notCopied });
        }
    };
    return (
        <>
            <Title level={2}>{words.heading}</Title>
            <Text>{words.intro}</Text>
            <Choice<Where>
                label={words.where}
                name="where"
                row
                value={where}
                options={[
                    ['slack', texts.organisation.environments.slack],
                    ['govslack', texts.organisation.environments.govslack],
                ]}
                onChange={setWhere}
            />
            <Choice<Rotation>
                label={words.rotation}
                name="rotation"
                value={rotation}
                options={[
                    ['fixed', words.fixed],
                    ['rotating', words.rotating],
                ]}
                onChange={setRotation}
            />
            {where === 'govslack' && <Text>{words.gov}</Text>}
            <Steps>
                <li>
                    {words.steps.open}{' '}
                    <Link to={ADDRESSES[where]} openInNewContext>
                        {ADDRESSES[where]}
                    </Link>
                </li>
                <li>{words.steps.organisation}</li>
                <li>{words.steps.paste}</li>
                <li>{words.steps.install}</li>
                <li>{rotation === 'fixed' ? words.steps.token : words.steps.pair}</li>
                <li>{words.steps.add}</li>
            </Steps>
            <ControlGroup label={words.manifest} labelPosition="top" help={words.scopes}>
                <TextArea
                    value={manifest}
                    inputRef={area}
                    onChange={() => undefined}
                    rowsMin={12}
                    rowsMax={30}
                    spellCheck={false}
                    style={{ fontFamily: 'monospace' }}
                />
            </ControlGroup>
            <Line>
                <Button inline appearance="primary" onClick={() => void copy()} label={words.copy} />
                <Button inline onClick={onAdd} label={words.next} />
            </Line>
            <Notes note={note} onClose={() => setNote(null)} />
        </>
    );
}
