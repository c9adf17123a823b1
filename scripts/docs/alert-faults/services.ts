/** Services, names and certificates. */

import {livekitServices} from './livekit.ts';
import {type AlertFault, muted, page, ticket} from './types.ts';

const orchestratorServices = [
	page('ServiceDown', {check: 'orchestrator'}),
	page('ServiceDown', {check: 'auth'}),
	page('ServiceDown', {check: 'orchestrator-port'}),
	muted(ticket('ServiceDown', {check: 'webhook'})),
];

export const serviceFaults: readonly AlertFault[] = [
	{
		...{id: 'livekit-down', lab: 'embedded', broken: ['livekit-down']},
		says: 'A service ends: its port is closed.',
		fires: livekitServices,
		messages: {page: 1},
		heals: 'the service is started',
	},
	{
		...{id: 'livekit-filtered', lab: 'embedded', broken: ['livekit-filtered']},
		says: 'A firewall drops what comes to a service.',
		fires: livekitServices,
		messages: {page: 1},
		heals: 'the rule is removed',
	},
	{
		...{id: 'livekit-slow', lab: 'embedded', broken: ['livekit-slow']},
		says: 'A service takes 0.8 s longer than its objective allows.',
		fires: [ticket('ServiceSlow', {check: 'livekit'})],
		messages: {ticket: 1},
		heals: 'it answers as before',
	},
	{
		...{id: 'orchestrator-wrong-answer', lab: 'embedded', broken: ['orchestrator-wrong-answer']},
		says: 'A service answers 500.',
		fires: [page('ServiceDown', {check: 'orchestrator'}), muted(ticket('ServiceDown', {check: 'webhook'}))],
		messages: {page: 1},
		heals: 'it answers as before',
	},
	{
		...{id: 'gpu1-exposed', lab: 'embedded', broken: ['gpu1-exposed']},
		says: 'TTS answers on a public address.',
		fires: [page('ServiceExposed', {check: 'exposed'})],
		messages: {page: 1},
		heals: 'the address is closed',
	},
	{
		...{id: 'auth-certificate-expired', lab: 'embedded', broken: ['auth-certificate-expired']},
		says: 'The certificate of a service expired.',
		fires: [
			page('ServiceDown', {check: 'auth'}),
			muted(page('CertificateExpiring', {check: 'auth'})),
			muted(ticket('CertificateExpiring', {check: 'auth'})),
		],
		messages: {page: 1},
		heals: 'it gets a valid one',
	},
	{
		...{id: 'auth-certificate-untrusted', lab: 'embedded', broken: ['auth-certificate-untrusted']},
		says: 'A service presents a certificate that nobody vouches for.',
		fires: [page('ServiceDown', {check: 'auth'})],
		messages: {page: 1},
		heals: 'it gets a valid one',
	},
	{
		...{id: 'orchestrator-name-unknown', lab: 'embedded', broken: ['orchestrator-name-unknown']},
		says: 'MagicDNS does not know a name any more.',
		fires: [...orchestratorServices, muted(ticket('NameNotResolved', {target: 'june-orchestrator'}))],
		messages: {page: 1},
		heals: 'the name is known again',
	},
	{
		...{id: 'name-outside-tailnet', lab: 'embedded', broken: ['name-outside-tailnet']},
		says: 'A name leads to an address outside the tailnet.',
		fires: [...orchestratorServices, muted(ticket('NameNotResolved', {target: 'june-orchestrator'}))],
		messages: {page: 1},
		heals: 'it leads to the node again',
	},
	{
		...{id: 'magicdns-dead', lab: 'embedded', broken: ['magicdns-dead']},
		says: 'MagicDNS does not answer.',
		fires: [page('MagicDnsDown', {vantage: 'cluster'}), muted(ticket('NameNotResolved', {vantage: 'cluster'}))],
		messages: {page: 1},
		heals: 'it answers again',
	},
];
