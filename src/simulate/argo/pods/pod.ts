/** A pod as whoever runs it sees it: what Argo's own containers do is left out. */
export interface Pod {
  readonly name: string;
  /** The node's name below the workflow, such as `.train(0:oslo).fit`. */
  readonly node: string;
  /** The user's init containers, in order. */
  readonly initContainers: readonly Container[];
  /** The main container, its command and arguments those of the user and not the emissary's. */
  readonly main: Container;
  readonly volumes: readonly Volume[];
  readonly outputs: readonly Output[];
  /** Seconds; of the pod. */
  readonly activeDeadlineSeconds?: number;
  /** Aborted when the pod is deleted. */
  readonly signal: AbortSignal;
}

/** A container of the Kubernetes API. */
export interface Container {
  readonly name: string;
  readonly image?: string | undefined;
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  readonly workingDir?: string | undefined;
  readonly env?: readonly Variable[] | undefined;
  readonly volumeMounts?: readonly VolumeMount[] | undefined;
  readonly [field: string]: unknown;
}

export interface Variable {
  readonly name: string;
  readonly value?: string | undefined;
  readonly valueFrom?: { readonly secretKeyRef?: SecretKey | undefined } | undefined;
}

export interface SecretKey {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean | undefined;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string | undefined;
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: object | undefined;
  readonly persistentVolumeClaim?: { readonly claimName: string } | undefined;
  readonly [field: string]: unknown;
}

/** An output parameter: the file in the main container, and the value where there is none. */
export interface Output {
  readonly name: string;
  readonly path: string;
  readonly default?: string;
}

export interface PodEnd {
  /** Exit code of the main container. */
  readonly exit: number;
  /** Exit code of a user's init container that failed: the main container did not start. */
  readonly initExit?: number;
  /** The init container that failed. */
  readonly initContainer?: string;
  /** Output parameters whose file exists. */
  readonly outputs: { readonly [name: string]: string };
  /** Exit code of Argo's `wait` container, 0 unless said otherwise. */
  readonly waitExit?: number;
  /** The node evicted the pod: no container has a status, nothing is reported. */
  readonly evicted?: true;
  /** `activeDeadlineSeconds` were over: Kubernetes ended the pod. */
  readonly deadlineExceeded?: true;
  /** The pod is gone: its node was lost, or somebody deleted it. */
  readonly deleted?: true;
  /**
   * Why no container starts, such as an image that cannot be pulled. Kubernetes tries again until the pod's deadline, for
   * ever where it has none, and Argo leaves that to it.
   */
  readonly waiting?: string;
  /** False: the `wait` container died before it reported. */
  readonly report?: false;
  /** Why a container could not be started, such as a program that does not exist. */
  readonly message?: string;
}

export type PodHost = (pod: Pod) => Promise<PodEnd>;
