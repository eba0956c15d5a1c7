/** Runs a command and measures it from outside: wall time, and the largest memory of it and its children. */

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFigures {
  readonly seconds: number;
  /** High-water marks of resident memory, children included; undefined where the system has no /proc. */
  readonly peakBytes: number | undefined;
  /** User and system time of the command itself, up to its last sample: what a busy machine does not stretch. */
  readonly cpuSeconds: number | undefined;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const SAMPLE_MS = 50;

/** Resolves whatever the exit code. @throws Error when the command cannot be started */
export function measureProcess(command: string, args: readonly string[]): Promise<ProcessFigures> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    let [peakBytes, cpuSeconds] = [0, 0];
    const sampling = setInterval(() => {
      if (child.pid === undefined) return;
      peakBytes = Math.max(peakBytes, treePeak(child.pid));
      cpuSeconds = Math.max(cpuSeconds, cpuTime(child.pid));
    }, SAMPLE_MS);
    child.once('error', (error) => {
      clearInterval(sampling);
      reject(error);
    });
    child.once('close', (exitCode) => {
      clearInterval(sampling);
      const seconds = (performance.now() - started) / 1000;
      resolve({
        seconds,
        peakBytes: peakBytes || undefined,
        cpuSeconds: cpuSeconds || undefined,
        exitCode,
        stdout,
        stderr,
      });
    });
  });
}

/** VmHWM (proc_pid_status(5)) of a process and those it started; 0 for one that has ended. */
function treePeak(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const own = 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '),
    );
    return children.filter(Boolean).reduce((sum, child) => sum + treePeak(Number(child)), own);
  } catch {
    return 0;
  }
}

/** Clock ticks per second in /proc, the same on every Linux. */
const TICKS = 100;

/** Fields 14 and 15 of /proc/PID/stat (proc_pid_stat(5)), counted after the name in brackets. */
function cpuTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}
