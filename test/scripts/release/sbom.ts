import test from 'ava';
import {onlyPackages, type Sbom, withNode} from '../../../scripts/release/sbom.ts';

const component = (name: string, version: string) => ({'bom-ref': `${name}@${version}`, name, version});
const sbom: Sbom = {
	metadata: {component: {'bom-ref': 'tailprobe@1.0.0'}},
	components: [component('a', '1.0.0'), component('@s/b', '2.0.0'), component('c', '3.0.0')],
	dependencies: [
		{ref: 'tailprobe@1.0.0', dependsOn: ['a@1.0.0', 'c@3.0.0']},
		{ref: 'a@1.0.0', dependsOn: ['@s/b@2.0.0', 'c@3.0.0']},
		{ref: 'c@3.0.0', dependsOn: []},
	],
};

test('of a list only some packages are kept, and nothing refers to the others', t => {
	const {components, dependencies} = onlyPackages(sbom, ['a', '@s/b']);

	t.deepEqual(
		components.map(({name}) => name),
		['a', '@s/b'],
	);
	t.deepEqual(dependencies, [
		{ref: 'tailprobe@1.0.0', dependsOn: ['a@1.0.0']},
		{ref: 'a@1.0.0', dependsOn: ['@s/b@2.0.0']},
	]);
});

test('the Node.js that is part of it is listed as what vulnerabilities are reported for', t => {
	const node = withNode(sbom, '26.10.0').components.at(-1);

	t.like(node, {name: 'node', version: '26.10.0', purl: 'pkg:generic/node@26.10.0'});
	t.regex(String(node?.cpe), /^cpe:2\.3:a:nodejs:node\.js:26\.10\.0:/);
});
