/** The server's own folder browser: the page names folders by id only, never by path. */

export type FolderEntry = { id: string; name: string };
export type FolderListing = {
  id: string;
  /** Absolute path, for display only. */
  path: string;
  parent: string | null;
  folders: FolderEntry[];
  /** Files that matter here (label files), by name. */
  labelFiles: string[];
  /** Manifests and models of encoders (.json, .onnx), by name. */
  encoderFiles: string[];
  images: number;
};
