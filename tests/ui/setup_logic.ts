// The setup page's logic without its page: reads [[function, arguments], ...] as JSON, writes the answers as JSON.
import { readFileSync } from 'node:fs';

import { isNetwork } from '../../ui/src/setup/logic/addresses';
import { parseCsv, writeCsv } from '../../ui/src/setup/logic/csv';
import { likelyRole } from '../../ui/src/setup/logic/host';
import { macroProblem } from '../../ui/src/setup/logic/macros';
import { manifestText } from '../../ui/src/setup/logic/manifest';
import {
    checkName,
    checkSecrets,
    checkSettings,
    defaults,
    placed,
    secretText,
} from '../../ui/src/setup/logic/organisation';
import { checkFile, checkRows } from '../../ui/src/setup/logic/siteLookups';
import { checkLookup, isTooLong, RUNS, writeLookup } from '../../ui/src/setup/logic/spl';
import { runs, status } from '../../ui/src/setup/logic/status';
import { relayOf, secretNames, tokenName } from '../../ui/src/setup/logic/tokenName';
import { cron, span } from '../../ui/src/setup/logic/words';
import * as shipped from '../../ui/src/setup/shipped';
import { texts } from '../../ui/src/setup/texts';

const functions: Record<string, (...given: never[]) => unknown> = {
    checkFile,
    checkLookup,
    checkName,
    checkRows,
    checkSecrets,
    checkSettings,
    cron,
    defaults,
    isNetwork,
    isTooLong,
    likelyRole,
    macroProblem,
    manifestText,
    parseCsv,
    placed,
    relayOf,
    runsSearch: () => RUNS,
    secretNames,
    tokenName,
    secretText,
    shipped: () => shipped,
    span,
    status: (disabled: boolean, every: string, rows: never[] | null, now: number) =>
        status(disabled, every, rows && runs(rows), now),
    texts: () => JSON.parse(JSON.stringify(texts)) as unknown,
    writeCsv,
    writeLookup,
};

const asked = JSON.parse(readFileSync(0, 'utf8')) as [string, ...never[]][];
process.stdout.write(JSON.stringify(asked.map(([name, ...given]) => functions[name]!(...given) ?? null)));
