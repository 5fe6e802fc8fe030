/** Reads the sources of the kernels: what they export, with which parameters, and their constants. */

import { readdirSync, readFileSync } from 'node:fs';
import * as assemblyscript from 'assemblyscript';

/** The sources. */
export const ASSEMBLY = new URL('../assembly/', import.meta.url);

/**
 * A kernel is written once for both types of activations, as a generic function, and is exported
 * once for each: with these types for its type parameters.
 * @type {readonly { suffix: string, types: Readonly<Record<string, string>> }[]}
 */
const INSTANCES = [
  { suffix: '', types: { T: 'f32', Sum: 'f32' } },
  { suffix: 'Int16', types: { T: 'i16', Sum: 'i32' } },
];

/** @type {Readonly<Record<string, string>>} */
const NO_TYPES = {};

/** `CommonFlags.Export` of the compiler. */
const EXPORTED = 1 << 1;

/**
 * @typedef {object} Parameter
 * @property {string} name
 * @property {string} type of AssemblyScript
 */

/**
 * @typedef {object} Kernel
 * @property {string} name
 * @property {string} from path of its source, as in an import
 * @property {readonly string[]} typeParameters empty where it is for one type of activations only
 * @property {string} [instance] suffix of the only instance that an entry exports; absent: all
 * @property {readonly Parameter[]} parameters
 */

/**
 * @typedef {object} Assembly
 * @property {ReadonlyMap<string, readonly Kernel[]>} entries kernels by entry file
 * @property {ReadonlyMap<string, number>} constants
 */

/**
 * The text of each source, by file name.
 * @returns {Map<string, string>}
 */
export function readSources() {
  const files = readdirSync(ASSEMBLY).filter((file) => file.endsWith('.ts'));
  return new Map(files.sort().map((file) => [file, readFileSync(new URL(file, ASSEMBLY), 'utf8')]));
}

/**
 * @param {ReadonlyMap<string, string>} sources
 * @returns {Assembly}
 * @throws where a kernel does not begin with its range of work, or a constant has two values
 */
export function parseAssembly(sources) {
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  for (const [file, text] of sources) assemblyscript.parse(program, text, file, true);
  /** @type {Map<string, Kernel>} */
  const functions = new Map();
  /** @type {Map<string, number>} */
  const constants = new Map();
  for (const source of program.sources) {
    const from = `./${source.normalizedPath.replace(/\.ts$/, '')}`;
    for (const statement of source.statements) {
      if (statement instanceof assemblyscript.FunctionDeclaration) {
        if (statement.is(EXPORTED)) {
          functions.set(`${from} ${statement.name.text}`, kernelOf(statement, from));
        }
      } else if (statement instanceof assemblyscript.VariableStatement) {
        addConstants(statement, constants);
      }
    }
  }
  /** @type {Map<string, Kernel[]>} */
  const entries = new Map();
  for (const file of sources.keys()) {
    if (file.startsWith('index')) entries.set(file, exportsOf(program, file, functions));
  }
  return { entries, constants };
}

/**
 * @param {assemblyscript.FunctionDeclaration} declaration
 * @param {string} from
 * @returns {Kernel}
 */
function kernelOf({ name, signature, typeParameters }, from) {
  const parameters = signature.parameters.map(({ name, type }) => {
    const { source, start, end } = type.range;
    return { name: name.text, type: source.text.slice(start, end) };
  });
  const types = (typeParameters ?? []).map(({ name }) => name.text);
  return { name: name.text, from, typeParameters: types, parameters };
}

/** Exported constants that are written as a number. */
function addConstants(
  /** @type {assemblyscript.VariableStatement} */ { declarations },
  /** @type {Map<string, number>} */ constants,
) {
  for (const declaration of declarations) {
    if (!declaration.is(EXPORTED)) continue;
    const name = declaration.name.text;
    const value = Number(declaration.initializer?.range.toString());
    if (Number.isNaN(value)) continue;
    if (constants.has(name)) throw new Error(`${name} is exported twice in assembly/`);
    constants.set(name, value);
  }
}

/**
 * What an entry file exports, also from the entries it exports in turn.
 * @param {assemblyscript.Program} program
 * @param {string} file
 * @param {ReadonlyMap<string, Kernel>} functions
 * @returns {Kernel[]}
 */
function exportsOf(program, file, functions) {
  const source = program.sources.find(({ normalizedPath }) => normalizedPath === file);
  return (source?.statements ?? []).flatMap((statement) => {
    if (!(statement instanceof assemblyscript.ExportStatement)) return [];
    const from = statement.path?.value ?? '';
    if (statement.members === null) {
      return exportsOf(program, `${from.replace('./', '')}.ts`, functions);
    }
    return statement.members.map(({ localName, exportedName }) => {
      const kernel = functions.get(`${from} ${localName.text}`);
      if (kernel === undefined) throw new Error(`${from} has no function ${localName.text}`);
      checkRange(kernel);
      return instanceOf(kernel, exportedName.text);
    });
  });
}

/** All instances of a kernel under its own name, or the one whose name an entry exports it as. */
function instanceOf(/** @type {Kernel} */ kernel, /** @type {string} */ exportedName) {
  if (exportedName === kernel.name) return kernel;
  const names = exportedNames(kernel);
  if (!names.includes(exportedName)) throw new Error(`${exportedName} is none of ${names}`);
  return { ...kernel, instance: exportedName.slice(kernel.name.length) };
}

/** The runtime calls every kernel with a range of work. */
function checkRange(/** @type {Kernel} */ { name, parameters }) {
  const [begin, end] = parameters;
  if (/begin$/i.test(begin?.name ?? '') && /end$/i.test(end?.name ?? '')) return;
  throw new Error(`${name} must take its range of work first: begin, end`);
}

function instancesOf(/** @type {Kernel} */ { typeParameters, instance }) {
  if (typeParameters.length === 0) return [{ suffix: '', types: NO_TYPES }];
  return INSTANCES.filter(({ suffix }) => suffix === (instance ?? suffix));
}

/** The names under which a kernel is exported. */
export function exportedNames(/** @type {Kernel} */ kernel) {
  return instancesOf(kernel).map(({ suffix }) => kernel.name + suffix);
}

/**
 * The parameters of a kernel as a binary exports it: the range of work, then the others by their names.
 * So the host puts arguments in order by their names alone, whatever the order in the source.
 */
export function exportedParameters(/** @type {Kernel} */ { parameters }) {
  const [begin, end, ...rest] = parameters;
  const byName = rest.sort((a, b) => (a.name < b.name ? -1 : 1));
  return [/** @type {Parameter} */ (begin), /** @type {Parameter} */ (end), ...byName];
}

/**
 * The source of a binary: every kernel, for each type of activations that its entry exports it for.
 * @param {readonly Kernel[]} kernels
 */
export function instancesSource(kernels) {
  return kernels
    .map((kernel) => {
      const { name, from, typeParameters, parameters } = kernel;
      const signature = exportedParameters(kernel).map(({ name, type }) => `${name}: ${type}`);
      const values = parameters.map(({ name }) => name).join(', ');
      const exports = instancesOf(kernel).map(({ suffix, types }) => {
        const chosen = typeParameters.map((parameter) => types[parameter]);
        const instance = chosen.length === 0 ? '' : `<${chosen.join(', ')}>`;
        return `export function ${name}${suffix}(${signature.join(', ')}): void { source_${name}${instance}(${values}); }\n`;
      });
      return `import { ${name} as source_${name} } from '${from}';\n${exports.join('')}`;
    })
    .join('');
}
