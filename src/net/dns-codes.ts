/** The names that people write for the numbers of DNS (RFC 1035 and the registries that followed). */

const types: Record<string, number> = {
	A: 1,
	NS: 2,
	CNAME: 5,
	SOA: 6,
	PTR: 12,
	MX: 15,
	TXT: 16,
	AAAA: 28,
	SRV: 33,
	NAPTR: 35,
	DNAME: 39,
	OPT: 41,
	DS: 43,
	SSHFP: 44,
	RRSIG: 46,
	NSEC: 47,
	DNSKEY: 48,
	NSEC3: 50,
	NSEC3PARAM: 51,
	TLSA: 52,
	CDS: 59,
	CDNSKEY: 60,
	SVCB: 64,
	HTTPS: 65,
	ANY: 255,
	CAA: 257,
};

const classes: Record<string, number> = {IN: 1, CS: 2, CH: 3, HS: 4, NONE: 254, ANY: 255};

/** Response codes that fit into the header, in the order of their numbers. */
export const rcodes = [
	'NOERROR',
	'FORMERR',
	'SERVFAIL',
	'NXDOMAIN',
	'NOTIMP',
	'REFUSED',
	'YXDOMAIN',
	'YXRRSET',
	'NXRRSET',
	'NOTAUTH',
	'NOTZONE',
	'DSOTYPENI',
	'RCODE12',
	'RCODE13',
	'RCODE14',
	'RCODE15',
] as const;

const typeNames = new Map(Object.entries(types).map(([name, code]) => [code, name]));
const classNames = new Map(Object.entries(classes).map(([name, code]) => [code, name]));

/** The number of a type such as `AAAA` or `TYPE65`, in capitals; undefined when it is none. */
export function typeCode(name: string): number | undefined {
	return types[name] ?? numbered(name, 'TYPE');
}

export function typeName(code: number): string {
	return typeNames.get(code) ?? `TYPE${code}`;
}

/** The number of a class such as `IN` or `CLASS3`, in capitals; undefined when it is none. */
export function classCode(name: string): number | undefined {
	return classes[name] ?? numbered(name, 'CLASS');
}

export function className(code: number): string {
	return classNames.get(code) ?? `CLASS${code}`;
}

/** RFC 3597: any number can be written. */
function numbered(name: string, prefix: string): number | undefined {
	const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
	return /^(0|[1-9]\d{0,4})$/.test(digits) && Number(digits) <= 65_535 ? Number(digits) : undefined;
}
