/** Events that charts mark: those of queries, those that were told, alerts and incidents. */

export type { AnnotationContext, AnnotationFetchers, KeptAnnotation, LoadedAnnotations } from './load';
export { annotationsOf, loadAnnotations, noAnnotations, serverAnnotations } from './load';
export type { AnnotationChoice } from './queries';
export { annotationQueries } from './queries';
