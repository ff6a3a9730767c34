/** Publishing and pushing need a secret key or credentials, and so no daemon. */
import type { Command } from "./command.ts";
import { text } from "./command-fields.ts";

const CREDENTIALS = text(
  "credentials",
  "FILE",
  "a file with credentials, in the form of .env or ~/.aws/credentials, for you alone",
  "path",
);

/** What publishing is of a kernel and of an image. */
function publish(type: "kernel" | "image", words: Pick<Command, "examples" | "load"> & { readonly description: string }): Command {
  const article = type === "image" ? "an" : "a";
  return {
    words: [type, "publish"],
    aliases: [],
    summary: `Upload ${article} ${type} for others, and enter it in a catalog`,
    detail: `The ${type} is written into a bundle, which is uploaded under a name of its content, fetched again as a user would, without a login, and only then entered in the catalog: what has its name is replaced, and the catalog is signed. A catalog in a checkout is changed and not committed. Credentials come from the environment or a file, never from the command line: for s3 AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL, and a key that may only put is enough; for oci BANGER_REGISTRY_USER and BANGER_REGISTRY_PASSWORD, or what docker login or podman login has kept; for a catalog at an address of the web BANGER_CATALOG_TOKEN, or BANGER_CATALOG_USER and BANGER_CATALOG_PASSWORD. The password of the signing key comes from the terminal or BANGER_SIGNING_PASSWORD. What was cut off goes on by the same words again.`,
    fields: [
      { ...text(type, "NAME", `name of the ${type}`), completes: type },
      text("bundle", "FILE", `a bundle that was written before, instead of ${article} ${type} of this computer`, "path"),
      { ...text("to", "STORE", "s3://BUCKET/PREFIX or oci://HOST/REPOSITORY"), required: true },
      { ...text("catalog", "PLACE", "catalog.json: a path, s3://BUCKET/KEY, or an address that takes PUT"), required: true },
      { ...text("secretKey", "KEY", "file of the secret key that signs it", "path"), flag: "secret-key", alias: "s", required: true },
      text("endpoint", "URL", "of the S3 store; Amazon's when left out"),
      {
        ...text("publicUrl", "URL", "where users find what lies under PREFIX; the store's own address when left out"),
        flag: "public-url",
      },
      CREDENTIALS,
      {
        ...text("validFor", "DURATION", "how long the catalog is good for, such as 90d; as long as before when left out", "duration"),
        flag: "valid-for",
      },
      text("description", "TEXT", words.description),
      { ...text("catalogName", "NAME", "make the catalog when there is none, and call it so"), flag: "catalog-name" },
    ],
    positional: [type],
    examples: words.examples,
    load: words.load,
  };
}

export const PUBLISH_COMMANDS: readonly Command[] = [
  publish("kernel", {
    description: "of the kernel, in a line; its name and version when left out",
    examples: [
      {
        command:
          "banger kernel publish generic-6.12 --to s3://kernels --public-url https://kernels.example --catalog ./catalog.json -s acme.key",
        does: "to a bucket, and into a catalog in a checkout",
      },
      {
        command:
          "banger kernel publish --bundle small-amd64-0123456789abcdef.tar.zst --to oci://registry.example/acme/kernels --catalog https://acme.example/catalog.json -s acme.key",
        does: "to a registry, and into a catalog on a server",
      },
    ],
    load: async () => (await import("./commands/publish.ts")).kernelPublish,
  }),
  publish("image", {
    description: "of the image, in a line; its name and distribution when left out",
    examples: [
      {
        command: "banger image publish web --to s3://images --public-url https://images.example --catalog ./catalog.json -s acme.key",
        does: "to a bucket, and into a catalog in a checkout",
      },
      {
        command:
          "banger image publish --bundle web-amd64-0123456789abcdef.tar.zst --to oci://registry.example/acme/images --catalog https://acme.example/catalog.json -s acme.key",
        does: "to a registry, and into a catalog on a server",
      },
    ],
    load: async () => (await import("./commands/publish.ts")).imagePublish,
  }),
  {
    words: ["image", "push"],
    aliases: [],
    summary: "Put an image into a registry",
    detail:
      "The image is written into a bundle, which becomes the one layer of an OCI artifact under that tag, latest when left out; what is there already is not sent. banger image pull of the same reference gives the image back whole: base, work seed, kernel and config. It is no image for docker. Credentials come from BANGER_REGISTRY_USER and BANGER_REGISTRY_PASSWORD in the environment, from --credentials, or from what docker login or podman login has kept. Without encryption only to this computer, and where registries.HOST.plain_http in the config says so.",
    fields: [
      { ...text("image", "NAME", "name of the image"), required: true, completes: "image" },
      { ...text("to", "REFERENCE", "REGISTRY/REPOSITORY, and :TAG behind it"), required: true },
      CREDENTIALS,
    ],
    positional: ["image", "to"],
    examples: [{ command: "banger image push web registry.example/acme/web:v1", does: "for others, or for another computer" }],
    load: async () => (await import("./commands/publish.ts")).imagePush,
  },
];
