import test from 'ava';
import {headscaleKeyPage} from '../../../src/diagnosis/causes/headscale-key-page.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {HeadscaleFacts} from '../../../src/inventory/platform-types.ts';
import {aLink, aScene, aSource, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const around = (headscale: HeadscaleFacts) => ({
	sources: () => [aSource()],
	platform: () => ({headscale, tailscaled: []}),
});

test('a page /key that is no control server is told', t => {
	const {cause, also} = nameCauses(
		aScene([isDown(aLink(), 'refused'), isUp(aTunnel())], around({isControlKeyAnswered: false})),
	);

	t.is(cause?.id, 'service-refused');
	const told = also.find(({id}) => id === 'headscale-key-page');
	t.like(told, {effect: 'beside', rung: 'control', confidence: 'certain', about: 'headscale'});
	t.regex(told?.says ?? '', /The page \/key/);
	t.true(told?.next.some(({run}) => run === 'headscale nodes list'));
});

test('one that answers is not', t => {
	t.is(headscaleKeyPage.find(aScene([isUp(aLink())], around({isControlKeyAnswered: true}))), undefined);
});
