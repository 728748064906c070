// The secret part of a form: token or rotating pair, and the proxy's password.
import type { ReactElement } from 'react';
import type { Complaints, Secrets, TokenKind } from '../logic/organisation';
import { Choice } from '../parts/Choice';
import { Field } from '../parts/Field';
import { Text } from '../parts/layout';
import { texts } from '../texts';

const words = texts.organisation;

interface Props {
    secrets: Secrets;
    complaints: Complaints;
    disabled: boolean;
    onChange: (secrets: Secrets) => void;
}

/** `relay`: host other than Slack's that the token goes to, "" for none. */
export function TokenFields({ secrets, complaints, disabled, onChange, relay }: Props & { relay: string }): ReactElement {
    const field = (name: keyof Secrets & string, title: string, help?: string, required = true): ReactElement => (
        <Field
            name={name}
            label={title}
            help={help}
            value={secrets[name]}
            problem={complaints[name]}
            required={required}
            disabled={disabled}
            secret
            onChange={(value) => onChange({ ...secrets, [name]: value })}
        />
    );
    return (
        <>
            <Choice<TokenKind>
                label={words.tokenKind}
                name="tokenKind"
                value={secrets.kind}
                options={[
                    ['token', words.tokenFixed],
                    ['rotating', words.tokenRotating],
                ]}
                disabled={disabled}
                onChange={(kind) => onChange({ ...secrets, kind })}
            />
            {relay && <Text>{words.tokenGoesTo(relay)}</Text>}
            {secrets.kind === 'token' ? (
                field('token', words.tokenField, words.tokenHelp)
            ) : (
                <>
                    <Field
                        name="clientId"
                        label={words.clientId}
                        value={secrets.clientId}
                        problem={complaints.clientId}
                        required
                        disabled={disabled}
                        onChange={(clientId) => onChange({ ...secrets, clientId })}
                    />
                    {field('clientSecret', words.clientSecret)}
                    {field('refreshToken', words.refreshToken, words.refreshHelp)}
                    {field('accessToken', words.accessToken, words.accessHelp, false)}
                </>
            )}
        </>
    );
}

export function ProxyFields({
    secrets,
    complaints,
    disabled,
    onChange,
    help,
}: Props & { help: string }): ReactElement {
    return (
        <>
            <Field
                name="proxyUser"
                label={words.proxyUser}
                value={secrets.proxyUser}
                problem={complaints.proxyUser}
                disabled={disabled}
                onChange={(proxyUser) => onChange({ ...secrets, proxyUser })}
            />
            <Field
                name="proxyPassword"
                label={words.proxyPassword}
                help={help}
                value={secrets.proxyPassword}
                problem={complaints.proxyPassword}
                disabled={disabled}
                secret
                onChange={(proxyPassword) => onChange({ ...secrets, proxyPassword })}
            />
        </>
    );
}
