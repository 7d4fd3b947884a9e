import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Timers } from '../../../src/bgp/session/timers.js';

describe('Timers', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const make = () => {
    const expired: string[] = [];
    return { expired, timers: new Timers<'hold' | 'keepalive'>(name => expired.push(name)) };
  };

  it('expire once, in time', () => {
    const { timers, expired } = make();
    timers.start('hold', 3_000);
    timers.start('keepalive', 1_000);
    vi.advanceTimersByTime(999);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['keepalive']);
    vi.advanceTimersByTime(10_000);
    expect(expired).toEqual(['keepalive', 'hold']);
  });

  it('restarted over and over expire that long after the last time, with one setTimeout at a time', () => {
    const { timers, expired } = make();
    timers.start('hold', 3_000);
    for (let i = 0; i < 100; i++) {
      vi.advanceTimersByTime(100);
      timers.restart('hold');
      expect(vi.getTimerCount()).toBe(1);
    }
    vi.advanceTimersByTime(2_999);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['hold']);
  });

  it('started anew with less time expire earlier', () => {
    const { timers, expired } = make();
    timers.start('hold', 240_000);
    timers.start('hold', 3_000);
    vi.advanceTimersByTime(3_000);
    expect(expired).toEqual(['hold']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stopped do not expire, and restart() does not start them', () => {
    const { timers, expired } = make();
    timers.start('hold', 1_000);
    timers.start('keepalive', 1_000);
    timers.stop('hold');
    timers.restart('hold');
    expect(timers.left()).toEqual({ keepalive: 1_000 });
    timers.stopAll();
    vi.advanceTimersByTime(10_000);
    expect(expired).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be started from within their own expiry', () => {
    let count = 0;
    const timers = new Timers<'keepalive'>(() => {
      count++;
      timers.start('keepalive', 1_000);
    });
    timers.start('keepalive', 1_000);
    vi.advanceTimersByTime(5_000);
    expect(count).toBe(5);
  });

  it('do not care for the clock on the wall', () => {
    const { timers, expired } = make();
    timers.start('hold', 90_000);
    vi.setSystemTime(Date.now() + 3_600_000);
    timers.restart('hold');
    vi.advanceTimersByTime(89_999);
    expect(expired).toEqual([]);
    expect(timers.left()).toEqual({ hold: 1 });
  });
});
