import { useMemo } from 'react';
import styled from 'styled-components';

import DashboardCore from '@splunk/dashboard-core';
import { DashboardContextProvider } from '@splunk/dashboard-context';
import EnterpriseViewOnlyPreset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';
import Heading from '@splunk/react-ui/Heading';
import Typography from '@splunk/react-ui/Typography';

import { LinkToDashboard, LinkToSearch, site } from '../drilldowns';
import { mount } from '../shell/mount';
import type { Page } from '../shell/page';
import { Shell } from '../shell/Shell';
import { tokensOfAddress, writeTokens } from '../tokens';
import { expectSearch, watched } from '../watched';

const preset = {
    ...EnterpriseViewOnlyPreset,
    dataSources: {
        ...EnterpriseViewOnlyPreset.dataSources,
        'ds.search': watched(EnterpriseViewOnlyPreset.dataSources['ds.search']),
        'ds.chain': watched(EnterpriseViewOnlyPreset.dataSources['ds.chain']),
    },
    eventHandlers: {
        ...EnterpriseViewOnlyPreset.eventHandlers,
        'drilldown.linkToDashboard': LinkToDashboard,
        'drilldown.linkToSearch': LinkToSearch,
    },
};

const Head = styled.div`
    padding: 16px 12px 4px;
`;

function Dashboard({ page }: { page: Page }) {
    const definition = page.definition ?? {};
    const tokens = useMemo(() => tokensOfAddress(window.location.search), []);
    return (
        <Shell page={page}>
            <Head>
                <Heading level={1} style={{ margin: 0 }}>
                    {page.title}
                </Heading>
                <Typography as="p" style={{ margin: '4px 0 0' }}>
                    {page.description}
                </Typography>
            </Head>
            <DashboardContextProvider
                preset={preset}
                initialDefinition={definition as never}
                initialTokenBinding={tokens}
                dataSourceContext={{ app: page.app }}
                onTokenBindingChange={(binding) => writeTokens(definition, binding as never)}
                eventsConfig={{ eventActions: [], fieldActions: {}, isSplunkWebAvailable: true }}
            >
                <DashboardCore width="100%" height="auto" />
            </DashboardContextProvider>
        </Shell>
    );
}

mount((page) => {
    site.root = page.root;
    site.app = page.app;
    if (Object.keys(page.definition?.dataSources ?? {}).length > 0) expectSearch();
    return <Dashboard page={page} />;
});
