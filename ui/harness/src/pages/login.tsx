import { useId, useState } from 'react';
import styled from 'styled-components';

import Button from '@splunk/react-ui/Button';
import ControlGroup from '@splunk/react-ui/ControlGroup';
import Heading from '@splunk/react-ui/Heading';
import Message from '@splunk/react-ui/Message';
import Text from '@splunk/react-ui/Text';
import variables from '@splunk/themes/variables';

import { mount } from '../shell/mount';
import type { Page } from '../shell/page';

const Back = styled.main`
    min-height: 100vh;
    display: flex;
    justify-content: center;
    padding-top: 12vh;
    box-sizing: border-box;
    background: ${variables.backgroundColorPage};
    color: ${variables.contentColorDefault};
    font-family: ${variables.fontFamily};
    form {
        width: 360px;
    }
`;

function Login({ page }: { page: Page }) {
    const [user, setUser] = useState('admin');
    const [password, setPassword] = useState('');
    const [problem, setProblem] = useState(page.problem ?? '');
    const [busy, setBusy] = useState(false);
    const name = useId();
    const secret = useId();
    const signIn = async () => {
        setBusy(true);
        const answer = await fetch(`${page.root}/account/login`, {
            method: 'POST',
            headers: { 'X-Requested-With': 'XMLHttpRequest', 'Content-Type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams({ username: user, password }),
        });
        if (answer.ok) {
            window.location.assign(page.returnTo ?? `${page.root}/`);
            return;
        }
        setBusy(false);
        setPassword('');
        setProblem('User and password do not fit. They stand in the file that `serve` has named.');
    };
    return (
        <Back>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    void signIn();
                }}
            >
                <Heading level={1}>Stand-in for Splunk Web</Heading>
                {problem ? <Message appearance="fill" type="error">{problem}</Message> : null}
                <ControlGroup label="User" labelFor={name} labelPosition="top">
                    <Text inputId={name} value={user} onChange={(_, { value }) => setUser(value)} autoComplete="username" />
                </ControlGroup>
                <ControlGroup label="Password" labelFor={secret} labelPosition="top">
                    <Text
                        inputId={secret}
                        type="password"
                        value={password}
                        onChange={(_, { value }) => setPassword(value)}
                        autoComplete="current-password"
                    />
                </ControlGroup>
                <Button appearance="primary" type="submit" label="Sign in" disabled={busy} />
            </form>
        </Back>
    );
}

mount((page) => <Login page={page} />);
