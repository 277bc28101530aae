import { describe, expect, it } from 'vitest';
import { candidateProviders, supportedBackends } from '../../src-main/streams/vision/devices.ts';
import { encoderVersion, providerOfVersion } from '../../src-main/streams/vision/manifest-version.ts';
import { relativeDifference } from '../../src-main/streams/vision/probe.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { exampleManifest } from './vision-example-manifest.ts';

describe('candidateProviders', () => {
  it('tries the best first and ends with the CPU', () => {
    expect(candidateProviders('auto', ['cpu', 'webgpu', 'cuda', 'tensorrt'])).toEqual([
      'cuda',
      'webgpu',
      'cpu',
    ]);
    expect(candidateProviders('auto', ['cpu', 'webgpu', 'coreml'])).toEqual(['coreml', 'webgpu', 'cpu']);
    expect(candidateProviders('auto', ['cpu', 'dml', 'webgpu'])).toEqual(['dml', 'webgpu', 'cpu']);
    expect(candidateProviders('auto', [])).toEqual(['cpu']);
  });

  it('takes a named device alone, and refuses one that this build has not', () => {
    expect(candidateProviders('webgpu', ['cpu', 'webgpu'])).toEqual(['webgpu']);
    expect(candidateProviders('cpu', ['cpu', 'webgpu'])).toEqual(['cpu']);
    expect(() => candidateProviders('coreml', ['cpu', 'webgpu'])).toThrow(StudioError);
    expect(() => candidateProviders('coreml', ['cpu', 'webgpu'])).toThrow(/"coreml"/);
  });

  it('has the CPU among what ONNX Runtime was built with', async () => {
    expect(await supportedBackends()).toContain('cpu');
  });
});

describe('providerOfVersion', () => {
  it('finds the provider that encoderVersion was given', () => {
    for (const provider of ['cpu', 'cuda', 'webgpu', 'coreml', 'dml'] as const) {
      const version = encoderVersion(exampleManifest(), 'a'.repeat(64), 'decoder/1', provider);
      expect(providerOfVersion(version)).toBe(provider);
    }
  });

  it('is null for streams that no encoder makes', () => {
    for (const version of ['nss-138/1+decoder/1', 'imported-0123456789ab', '']) {
      expect(providerOfVersion(version)).toBeNull();
    }
  });
});

describe('relativeDifference', () => {
  it('is the norm of the difference over the norm of the reference', () => {
    expect(relativeDifference(Float32Array.of(3, 4.5), Float32Array.of(3, 4))).toBeCloseTo(0.1, 12);
    expect(relativeDifference(Float32Array.of(1, 2), Float32Array.of(1, 2))).toBe(0);
    expect(relativeDifference(Float32Array.of(NaN, 2), Float32Array.of(1, 2))).toBeNaN();
  });
});
