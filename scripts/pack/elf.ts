/** As much of an ELF file (64 bits, little-endian) as it takes to change what it needs from shared libraries. */

export interface Elf {
	bytes: Buffer;
	machine: number;
	/** Segments that are loaded. */
	loads: readonly LoadSegment[];
	/** Offset of the dynamic entries. */
	dynamicAt: number;
}

export interface LoadSegment {
	/** Offset of its program header. */
	headerAt: number;
	executable: boolean;
	offset: number;
	address: number;
	fileSize: number;
}

/** Where a relocation is written down, and what it says. */
export interface Relocation {
	at: number;
	slot: number;
	type: number;
	symbol: number;
}

/** Tags of dynamic entries. */
export const tags = {
	null: 0,
	needed: 1,
	pltRelocationsSize: 2,
	strings: 5,
	symbols: 6,
	relocations: 7,
	relocationsSize: 8,
	pltRelocations: 23,
	symbolVersions: 0x6ffffff0,
	neededVersions: 0x6ffffffe,
	neededVersionsCount: 0x6fffffff,
} as const;

const relocationSize = 24;
const dynamicSize = 16;

/** Throws where the file is none. */
export function readElf(bytes: Buffer): Elf {
	if (bytes.toString('latin1', 0, 6) !== '\x7fELF\x02\x01')
		throw new Error('This is no ELF file of 64 bits, little-endian.');
	const first = numberAt(bytes, 32);
	const size = bytes.readUInt16LE(54);
	const headers = Array.from({length: bytes.readUInt16LE(56)}, (_, index) => first + index * size);
	const ofType = (type: number) => headers.filter(at => bytes.readUInt32LE(at) === type);
	const [dynamic] = ofType(2);
	if (dynamic === undefined) throw new Error('This ELF file needs no shared libraries.');
	return {
		bytes,
		machine: bytes.readUInt16LE(18),
		loads: ofType(1).map(at => ({
			headerAt: at,
			executable: (bytes.readUInt32LE(at + 4) & 1) === 1,
			offset: numberAt(bytes, at + 8),
			address: numberAt(bytes, at + 16),
			fileSize: numberAt(bytes, at + 32),
		})),
		dynamicAt: numberAt(bytes, dynamic + 8),
	};
}

/** The offset of what is loaded at an address. */
export function offsetOf({loads}: Elf, address: number): number {
	const segment = loads.find(each => address >= each.address && address < each.address + each.fileSize);
	if (!segment) throw new Error(`Nothing of the file is loaded at 0x${address.toString(16)}.`);
	return segment.offset + address - segment.address;
}

/** The offsets of the dynamic entries with a tag. */
export function dynamicEntries({bytes, dynamicAt}: Elf, tag: number): number[] {
	const found: number[] = [];
	for (let at = dynamicAt; numberAt(bytes, at) !== tags.null; at += dynamicSize)
		if (numberAt(bytes, at) === tag) found.push(at);
	return found;
}

/** The value of the one dynamic entry with a tag. */
export function dynamicValue(elf: Elf, tag: number): number {
	const [at] = dynamicEntries(elf, tag);
	if (at === undefined) throw new Error(`The file has no dynamic entry 0x${tag.toString(16)}.`);
	return numberAt(elf.bytes, at + 8);
}

/** Takes a dynamic entry out. */
export function removeDynamicEntry({bytes, dynamicAt}: Elf, at: number): void {
	let end = dynamicAt;
	while (numberAt(bytes, end) !== tags.null) end += dynamicSize;
	bytes.copyWithin(at, at + dynamicSize, end + dynamicSize);
}

/** The text at an offset of the dynamic string table. */
export function stringAt(elf: Elf, offset: number): string {
	const from = offsetOf(elf, dynamicValue(elf, tags.strings)) + offset;
	return elf.bytes.toString('latin1', from, elf.bytes.indexOf(0, from));
}

/** All relocations, those of the procedure linkage table among them. */
export function relocationsOf(elf: Elf): Relocation[] {
	return [
		...tableOf(elf, tags.relocations, tags.relocationsSize),
		...tableOf(elf, tags.pltRelocations, tags.pltRelocationsSize),
	];
}

function tableOf(elf: Elf, addressTag: number, sizeTag: number): Relocation[] {
	const first = offsetOf(elf, dynamicValue(elf, addressTag));
	return Array.from({length: dynamicValue(elf, sizeTag) / relocationSize}, (_, index) => {
		const at = first + index * relocationSize;
		return {
			at,
			slot: numberAt(elf.bytes, at),
			type: elf.bytes.readUInt32LE(at + 8),
			symbol: elf.bytes.readUInt32LE(at + 12),
		};
	});
}

/** A number of 64 bits: none in a file of less than 2⁵³ bytes is larger than what a double holds. */
export function numberAt(bytes: Buffer, at: number): number {
	return Number(bytes.readBigUInt64LE(at));
}

export function putNumber(bytes: Buffer, at: number, value: number): void {
	bytes.writeBigUInt64LE(BigInt(value), at);
}
