import type { System } from "../../system/system.ts";
import { putFailure, type S3Bucket, type S3Place } from "./s3-bucket.ts";
import { bodyOf, type Store } from "./store.ts";

/**
 * A bucket. Nothing is asked of it but to take what it is given: a token that may neither list nor look is enough.
 * @param publicBase where users find what lies under `place`; the bucket's own address when undefined.
 */
export function makeS3Store(system: System, bucket: S3Bucket, place: S3Place, publicBase: string | undefined): Store {
  const keyOf = (name: string): string => (place.key === "" ? name : `${place.key}/${name}`);
  return {
    shown: `s3://${place.bucket}/${place.key}`,
    addressOf: ({ name }) => (publicBase === undefined ? bucket.urlOf(keyOf(name)) : `${publicBase}/${name}`),
    upload: async (bundle, signal, onProgress) => {
      const headers = { "content-type": "application/zstd", "cache-control": "public, max-age=31536000, immutable" };
      const reply = await bucket.put(keyOf(bundle.name), bodyOf(system, bundle, onProgress), bundle.sha256, headers, signal);
      if (reply.status !== 200 && reply.status !== 201 && reply.status !== 204) throw putFailure(bundle.name, reply);
      return true;
    },
  };
}
