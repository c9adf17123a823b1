/**
 * Node.js 26 needs libatomic.so.1, which images without a compiler do not have (those of CUDA, of Ubuntu, of Debian), for a single
 * function that the linker's side of the compiler left out of line: compare and exchange of eight bytes. Nothing else is taken from
 * there, so that function is put into the executable itself, and the library is needed no more.
 */

import {
	dynamicEntries,
	dynamicValue,
	type Elf,
	type LoadSegment,
	numberAt,
	offsetOf,
	putNumber,
	type Relocation,
	readElf,
	relocationsOf,
	removeDynamicEntry,
	stringAt,
	tags,
} from './elf.ts';

const library = 'libatomic.so.1';
const functionName = '__atomic_compare_exchange';

/**
 * `bool __atomic_compare_exchange(size, object, expected, desired, …)` of the System V calling convention, for size 8 alone, with the
 * strongest of all orders. Whatever else it is asked for ends the program.
 */
const compareAndExchange8 = Buffer.from(
	[
		'4883ff08', // cmp rdi, 8
		'7518', // jne other
		'488b02', // mov rax, [rdx]
		'488b09', // mov rcx, [rcx]
		'f0480fb10e', // lock cmpxchg [rsi], rcx
		'7506', // jne failed
		'b801000000', // mov eax, 1
		'c3', // ret
		'488902', // failed: mov [rdx], rax
		'31c0', // xor eax, eax
		'c3', // ret
		'0f0b', // other: ud2
	].join(''),
	'hex',
);

const machineX64 = 62;
const jumpSlot = 7;
const relative = 8;
const pageSize = 4096;

/**
 * Changes the executable so that it needs libatomic no more.
 *
 * @returns undefined, or a sentence why that cannot be done, with the file as it was
 */
export function doWithoutLibatomic(bytes: Buffer): string | undefined {
	const elf = readElf(bytes);
	if (elf.machine !== machineX64) return `It needs ${library}: only for x86-64 can that be put inside.`;
	const need = dynamicEntries(elf, tags.needed).find(at => stringAt(elf, numberAt(bytes, at + 8)) === library);
	if (need === undefined) return undefined;
	const wanted = relocationsInto(elf);
	const [relocation, ...more] = wanted;
	if (!relocation || more.length > 0 || relocation.type !== jumpSlot || nameOf(elf, relocation) !== functionName)
		return `It needs ${library} for more than ${functionName}.`;
	const code = elf.loads.find(({executable}) => executable);
	if (!code || !asksForEightBytes(elf, code, relocation.slot))
		return `It needs ${library}: not every call of ${functionName} is about eight bytes.`;
	const codeEnd = code.offset + code.fileSize;
	const gap = bytes.subarray(codeEnd, codeEnd + compareAndExchange8.length);
	if (pageSize - (codeEnd % pageSize) < gap.length || gap.some(byte => byte !== 0))
		return `It needs ${library}: there is no room behind the program's code.`;

	compareAndExchange8.copy(gap);
	putNumber(bytes, code.headerAt + 32, code.fileSize + gap.length);
	putNumber(bytes, code.headerAt + 40, code.fileSize + gap.length);
	// Its place in the table of addresses gets this one, and nobody looks for a symbol.
	bytes.writeUInt32LE(relative, relocation.at + 8);
	bytes.writeUInt32LE(0, relocation.at + 12);
	putNumber(bytes, relocation.at + 16, code.address + code.fileSize);
	forgetVersions(elf);
	removeDynamicEntry(elf, need);
	return undefined;
}

/** Relocations by symbols whose version is one of the library's. */
function relocationsInto(elf: Elf): Relocation[] {
	const {bytes} = elf;
	const need = versionNeeds(elf).find(each => each.library === library);
	const versions = offsetOf(elf, dynamicValue(elf, tags.symbolVersions));
	return relocationsOf(elf).filter(({symbol}) => need?.versions.includes(bytes.readUInt16LE(versions + 2 * symbol)));
}

function nameOf(elf: Elf, {symbol}: Relocation): string {
	const at = offsetOf(elf, dynamicValue(elf, tags.symbols)) + 24 * symbol;
	return stringAt(elf, elf.bytes.readUInt32LE(at));
}

interface VersionNeed {
	at: number;
	library: string;
	/** Numbers that stand for its versions. */
	versions: readonly number[];
	/** From this one to the next; 0 in the last. */
	next: number;
}

function versionNeeds(elf: Elf): VersionNeed[] {
	const {bytes} = elf;
	const needs: VersionNeed[] = [];
	let at = offsetOf(elf, dynamicValue(elf, tags.neededVersions));
	for (let left = dynamicValue(elf, tags.neededVersionsCount); left > 0; left--) {
		const versions: number[] = [];
		let version = at + bytes.readUInt32LE(at + 8);
		for (let count = bytes.readUInt16LE(at + 2); count > 0; count--) {
			versions.push(bytes.readUInt16LE(version + 6));
			version += bytes.readUInt32LE(version + 12);
		}
		const next = bytes.readUInt32LE(at + 12);
		needs.push({at, library: stringAt(elf, bytes.readUInt32LE(at + 4)), versions, next});
		at += next;
	}
	return needs;
}

/** The loader asks each library in this list for its versions: one that is not loaded may not stand there. */
function forgetVersions(elf: Elf): void {
	const {bytes} = elf;
	const needs = versionNeeds(elf);
	const index = needs.findIndex(each => each.library === library);
	const [need, before] = [needs[index], needs[index - 1]];
	const [first] = dynamicEntries(elf, tags.neededVersions);
	const [count] = dynamicEntries(elf, tags.neededVersionsCount);
	if (!need || first === undefined || count === undefined) return;
	if (before) bytes.writeUInt32LE(need.next === 0 ? 0 : before.next + need.next, before.at + 12);
	else putNumber(bytes, first + 8, numberAt(bytes, first + 8) + need.next);
	putNumber(bytes, count + 8, needs.length - 1);
}

/** Whether each call goes through the one stub for this slot and has `mov edi, 8`, its first argument, shortly before. */
function asksForEightBytes({bytes}: Elf, {offset, address, fileSize}: LoadSegment, slot: number): boolean {
	const code = bytes.subarray(offset, offset + fileSize);
	const aimedAt = (target: number, opcode: string) => {
		const start = Buffer.from(opcode, 'hex');
		const found: number[] = [];
		for (
			let at = code.indexOf(start);
			at !== -1 && at + start.length + 4 <= code.length;
			at = code.indexOf(start, at + 1)
		) {
			const next = at + start.length + 4;
			if (address + next + code.readInt32LE(at + start.length) === target) found.push(at);
		}
		return found;
	};
	// A jump or a call by the table of addresses itself.
	const [stub, ...others] = [...aimedAt(slot, 'ff25'), ...aimedAt(slot, 'ff15')];
	if (stub === undefined || others.length > 0) return false;
	const jumps = aimedAt(address + stub, 'e9');
	const calls = aimedAt(address + stub, 'e8');
	const sizeIs8 = Buffer.from('bf08000000', 'hex');
	return (
		jumps.length === 0 &&
		calls.length > 0 &&
		calls.every(at => code.subarray(Math.max(0, at - lookBackBytes), at).includes(sizeIs8))
	);
}

const lookBackBytes = 48;
