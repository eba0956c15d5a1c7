import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkOutput, writeOutput } from './output-file.ts';
import { makePipe, readPipe } from './pipe.testing.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-output-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const at = (...names: string[]) => join(dir, ...names);

describe('a file', () => {
  test('is written new, and replaced with the permissions it had', () => {
    writeOutput(at('new.html'), 'first');
    chmodSync(at('new.html'), 0o640);
    writeOutput(at('new.html'), 'second');
    expect(readFileSync(at('new.html'), 'utf8')).toBe('second');
    expect(statSync(at('new.html')).mode & 0o777).toBe(0o640);
    expect(readdirSync(dir)).toEqual(['new.html']);
  });

  test('is replaced, not written over: who reads the old one reads it to its end', () => {
    writeFileSync(at('file'), 'old');
    const { ino } = statSync(at('file'));
    writeOutput(at('file'), 'new');
    expect(statSync(at('file')).ino).not.toBe(ino);
  });

  test('in a folder that is not there is refused, before and at the writing, and leaves nothing', () => {
    for (const refused of [checkOutput, (path: string) => writeOutput(path, 'x')])
      expect(() => refused(at('no', 'file'))).toThrow('ENOENT');
    expect(readdirSync(dir)).toEqual([]);
  });

  test('may have a name as long as the file system takes, and no longer', () => {
    writeOutput(at('x'.repeat(255)), 'long');
    expect(readFileSync(at('x'.repeat(255)), 'utf8')).toBe('long');
    for (const refused of [checkOutput, (path: string) => writeOutput(path, 'x')])
      expect(() => refused(at('x'.repeat(256)))).toThrow('ENAMETOOLONG');
  });

  test('that can be written is found so, and nothing is left or changed', () => {
    writeFileSync(at('there'), 'old');
    for (const name of ['there', 'absent']) checkOutput(at(name));
    expect(readdirSync(dir)).toEqual(['there']);
    expect(readFileSync(at('there'), 'utf8')).toBe('old');
  });
});

describe('a link', () => {
  test('stays a link, and what it leads to is replaced beside itself', () => {
    mkdirSync(at('folder'));
    writeFileSync(at('folder', 'real'), 'old');
    symlinkSync('folder', at('alias'));
    symlinkSync(join('alias', 'real'), at('link'));
    symlinkSync('link', at('twice'));
    writeOutput(at('twice'), 'new');
    expect([readlinkSync(at('twice')), readlinkSync(at('link'))]).toEqual(['link', 'alias/real']);
    expect(lstatSync(at('folder', 'real')).isFile()).toBe(true);
    expect(readFileSync(at('folder', 'real'), 'utf8')).toBe('new');
    expect(readdirSync(at('folder'))).toEqual(['real']);
  });

  test('to a file that is not there yet makes it', () => {
    symlinkSync('later', at('link'));
    checkOutput(at('link'));
    expect(readdirSync(dir)).toEqual(['link']);
    writeOutput(at('link'), 'new');
    expect(readFileSync(at('later'), 'utf8')).toBe('new');
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
  });

  test('to itself is refused', () => {
    symlinkSync('loop', at('loop'));
    expect(() => checkOutput(at('loop'))).toThrow('ELOOP');
    expect(() => writeOutput(at('loop'), 'x')).toThrow('ELOOP');
  });
});

describe('what is no file', () => {
  test('a pipe, or a link to one, is written through and stays a pipe', async () => {
    makePipe(at('pipe'));
    symlinkSync('pipe', at('link'));
    for (const name of ['pipe', 'link']) {
      checkOutput(at(name));
      const read = readPipe(at('pipe'));
      writeOutput(at(name), 'through');
      expect(await read).toBe('through');
    }
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
    expect(readdirSync(dir)).toEqual(['link', 'pipe']);
  });
});
